#!/bin/sh
# get-engines.sh ROOT PYTHON: makes sure, with a Python that has uv, that ROOT is an environment with the engines of
# requirements.txt. The exit code is 0 in any case: the tests are skipped, or fail, with their own reason. It takes a
# minute or two, and 1.6 GB of disk.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$1 python=$2
wanted=$here/requirements.txt
others=$here/packages/requirements.txt
# Its Python may have gone since, with an update of the system's. To import torch takes long where it was not read before.
if cmp -s "$wanted" "$root/requirements.txt" && cmp -s "$others" "$root/packages.wanted" &&
    "$root/bin/python" -c 'import importlib.util, sys; sys.exit(not importlib.util.find_spec("torch"))' 2>/dev/null
then exit 0; fi

making=$root.making.$$
trap 'rm -rf "$making"' EXIT INT TERM
run() { "$python" "$here/../../deploy/alive.py" "$@"; }
pip() {
    what=$1 && shift
    # Everything is pinned, and each engine asks for more than speaking takes.
    run "$what" "$making/bin/python" -m pip install --progress-bar off --no-compile --no-deps --only-binary :all: "$@"
}
failed() {
    echo "The engines' real code is not tested: $1" >&2
    exit 0
}

mkdir -p "$(dirname "$root")"
run "Making the engines' environment $root" "$python" -m venv "$making" || failed "there is no venv"
torch=$(grep '^torch==' "$wanted")
# A wheel without CUDA is at hand, or the system's only one is of that kind, or PyTorch's own index has it, which uv knows.
if [ "$(uname -s)" = Linux ]; then
    pip "Installing torch for the CPU" "$torch+cpu" 2>/dev/null ||
        run "Installing torch for the CPU" "$python" -m uv pip install --quiet --no-deps --torch-backend cpu \
            --python "$making/bin/python" "$torch" ||
        failed "torch could not be installed"
else
    pip "Installing torch" "$torch" || failed "torch could not be installed"
fi
pip "Installing the engines" --requirement "$wanted" || failed "what they need could not be installed"
# ONNX Runtime and MLX have no wheels for every system; without these packages only their own tests are left out.
cp "$others" "$making/packages.wanted"
if pip "Installing the other packages" --requirement "$others"; then cp "$others" "$making/packages.txt"; fi
# Built for torch with CUDA, so that it does not load; nothing that the engines call is in it.
rm -f "$making"/lib/python3*/site-packages/torchaudio/lib/_torchaudio.abi3.so
cp "$wanted" "$making/requirements.txt"
rm -rf "$root"
mv "$making" "$root"
