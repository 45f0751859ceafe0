#!/bin/sh
# atheris, for fuzzing the decoder by coverage, where there is a wheel of it. Without it that is left out, and said.
# Usage: get-atheris.sh PYTHON
"$1" -c 'import atheris' 2>/dev/null && exit 0
echo "Installing atheris ..."
"$1" -m pip install --quiet --only-binary :all: 'atheris>=3,<4' >/dev/null 2>&1 || exit 0
