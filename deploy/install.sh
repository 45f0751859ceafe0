#!/bin/bash
# Installs the shipper as a systemd service beside an IndexTTS installation. Run it again to upgrade.
#
#   sudo deploy/install.sh --watch-dir /srv/index-tts/outputs [--database-url mysql://tts_ship@127.0.0.1/tts]
#   sudo deploy/install.sh --uninstall            # the event files, the database and its settings stay
#   sudo deploy/install.sh --uninstall --purge    # settings, embedded database and user go as well
#
#   --listen ADDRESS  HOST:PORT of /metrics (default: 127.0.0.1:9790); port 0 for a free one
#   --with NAMES      what optional services need besides: score, proxy, or score,proxy; deploy/README.md tells of them
#   --instance NAME   a second service, indextts-sidecar@NAME, with a folder and settings of its own
#   --no-start        install only
#   --python PROGRAM  Python 3.11 or newer (default: python3)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=/opt/indextts-sidecar
settings=/etc/indextts-sidecar
state=/var/lib/indextts-sidecar
units=/etc/systemd/system
account=indextts-sidecar

watch_dir='' database_url='' with='' listen='' instance='' python=python3 start=1 uninstall='' purge=''
usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }
say() { printf '%s\n' "$*"; }
fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }
quietly() { # quietly COMMAND...: what it says is shown where it fails
    local told
    told=$("$@" 2>&1) || fail "$* failed: $told"
}

while [ $# -gt 0 ]; do
    case $1 in
        --watch-dir) watch_dir=${2:?--watch-dir needs a folder}; shift ;;
        --database-url) database_url=${2:?--database-url needs a URL}; shift ;;
        --listen) listen=${2:?--listen needs HOST:PORT}; shift ;;
        --with) with=${2:?--with needs names, such as score,proxy}; shift ;;
        --instance) instance=${2:?--instance needs a name}; shift ;;
        --python) python=${2:?--python needs a program}; shift ;;
        --no-start) start='' ;;
        --uninstall) uninstall=1 ;;
        --purge) purge=1 ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; fail "unknown argument $1" ;;
    esac
    shift
done
[ "$(id -u)" -eq 0 ] || fail "run it as root: sudo $0 ..."
if ! command -v systemctl >/dev/null || [ ! -d /run/systemd/system ]; then
    fail "systemd does not run here: let your own supervisor run \`sidecar run\`"
fi

if [ -n "$uninstall" ]; then
    # Every instance: they share the program.
    mapfile -t running < <(systemctl list-units --all --plain --no-legend 'indextts-sidecar*.service' | awk '{print $1}')
    [ ${#running[@]} -eq 0 ] || systemctl --quiet disable --now "${running[@]}" 2>/dev/null || true
    rm -rf "$units"/indextts-sidecar*.service "$units"/indextts-sidecar*.service.d "$home" /usr/local/bin/sidecar \
        /etc/sysusers.d/indextts-sidecar.conf
    systemctl daemon-reload
    if [ -n "$purge" ]; then
        rm -rf "$settings" "$state"
        if id "$account" >/dev/null 2>&1; then quietly userdel "$account"; fi
        if getent group "$account" >/dev/null; then quietly groupdel "$account"; fi
        say "removed, with settings, embedded database and user; no event file"
    else
        say "removed; these stay, until you add --purge:"
        say "  settings  $settings"
        say "  database  $state, where it is the embedded one"
    fi
    exit 0
fi

name=sidecar service=indextts-sidecar
if [ -n "$instance" ]; then
    [[ $instance =~ ^[A-Za-z0-9_.-]+$ ]] || fail "an instance's name may have letters, digits, _ . and -"
    name=$instance service=indextts-sidecar@$instance
fi
file=$settings/$name.env
if [ -z "$watch_dir" ] && [ ! -e "$file" ]; then usage >&2; fail "--watch-dir names the folder to ship"; fi
below='/**' # written after a folder it means those below too
if [ -n "$watch_dir" ]; then
    [ -d "${watch_dir%"$below"}" ] || fail "${watch_dir%"$below"} is no folder"
    whole=$(realpath -s "${watch_dir%"$below"}")
    case $watch_dir in *"$below") watch_dir=$whole$below ;; *) watch_dir=$whole ;; esac
    case $watch_dir in *[\"\'\\,:]*) fail "$watch_dir: no quotes, backslashes, commas and colons, please" ;; esac
fi
if [[ $database_url =~ ^[a-z+]+://[^/@]*:[^@]*@ ]]; then
    fail "a password does not belong on a command line: leave it out of the URL and put it into $settings/database-password"
fi
# What an earlier run was given holds on, so that an upgrade brings those packages along.
kept=$home/share/with
IFS=', ' read -ra extras <<<"$with $(cat "$kept" 2>/dev/null || true)"
mapfile -t extras < <(printf '%s\n' "${extras[@]}" | sort -u | sed '/^$/d')
locks=(-r "$here/requirements.lock")
for each in "${extras[@]}"; do
    [[ $each =~ ^[a-z]+$ && -e $here/requirements-$each.lock ]] || fail "--with knows score and proxy, not $each"
    locks+=(-r "$here/requirements-$each.lock")
done
umask 022 # the service's user reads what root installs
command -v "$python" >/dev/null || fail "there is no program $python. On Debian: apt-get install python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$python is older than 3.11; name another by --python"
"$python" -c 'import venv, ensurepip' 2>/dev/null || fail "Python's venv is missing. On Debian: apt-get install python3-venv"

case $python in */*) python=$(realpath -s "$python") ;; esac
cd / # the service's user may not see the folder that this was called from

get_value() { if [ -e "$file" ]; then sed -n "s/^$1=//p" "$file" | tail -n 1; fi; }
address=${listen:-$(get_value SIDECAR_LISTEN)}
if [ -z "$instance" ]; then address=${address:-127.0.0.1:9790}; fi
code=$here/.. # of a clone; an installed package holds this script in sidecar/_deploy
[ -e "$code/sidecar/service" ] || code=$here/../..
own=$(systemctl show --property=MainPID --value "$service")
if ! taken=$(PYTHONPATH=$code "$python" -B -m sidecar.service.occupied "${address:-off}" "$own" 2>&1); then fail "$taken"; fi

say "program: $home"
if [ ! -x "$home/bin/python" ]; then "$python" -m venv "$home"; fi
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
"$home/bin/pip" install --quiet --require-hashes "${locks[@]}"
# Three places to install from: a clone's wheel, the clone itself, and the installed package that this script is part of
# (pip, pipx, uv), of which a wheel is made again.
source=$here/.. made=''
if [ -d "$here/../dist" ]; then
    wheel=$(find "$here/../dist" -maxdepth 1 -name 'indextts_sidecar-*.whl' | sort -V | tail -n 1)
    source=${wheel:-$source}
elif [ ! -e "$here/../pyproject.toml" ]; then
    made=$(mktemp -d)
    source=$("$python" "$here/repack.py" "$made")
fi
"$home/bin/pip" install --quiet --no-deps --force-reinstall "$source"
[ -z "$made" ] || rm -rf "$made"
install -D -m 644 <(printf '%s\n' "${extras[*]}") "$kept"
version=$("$home/bin/sidecar" --version)

say "user: $account"
install -D -m 644 "$here/systemd/sysusers.conf" /etc/sysusers.d/indextts-sidecar.conf
quietly systemd-sysusers /etc/sysusers.d/indextts-sidecar.conf
install -d -m 750 -o "$account" -g "$account" "$state"

say "settings: $file"
install -d -m 755 "$settings"
if [ ! -e "$settings/database-password" ]; then
    install -m 640 -g "$account" /dev/null "$settings/database-password"
fi
if [ ! -e "$file" ]; then install -m 644 "$here/systemd/sidecar.env" "$file"; fi
set_value() { # set_value NAME VALUE: in the environment file, in the place of the line that is there
    local line="$1=$2" temporary
    temporary=$(mktemp "$file.XXXXXX")
    LINE=$line NAME=$1 awk '$0 ~ "^#?" ENVIRON["NAME"] "=" && !done {print ENVIRON["LINE"]; done = 1; next} {print}
        END {if (!done) print ENVIRON["LINE"]}' "$file" >"$temporary"
    chmod --reference="$file" "$temporary"
    chown --reference="$file" "$temporary"
    mv "$temporary" "$file"
}
chgrp "$account" "$file" # whoever shuts it lets the service and its group in
if [ -n "$watch_dir" ]; then set_value SIDECAR_WATCH_DIR "$watch_dir"; fi
if [ -n "$database_url" ]; then set_value SIDECAR_DATABASE_URL "$database_url"; fi
if [ -n "$listen" ]; then set_value SIDECAR_LISTEN "$listen"; fi
if [ -n "$instance" ]; then
    [ -n "$(get_value SIDECAR_NAME)" ] || set_value SIDECAR_NAME "$(hostname)-$instance"
    [ -n "$(get_value SIDECAR_LISTEN)" ] || set_value SIDECAR_LISTEN 127.0.0.1:0
fi

say "unit: $units/$service.service"
install -D -m 644 "$here/README.md" "$home/share/doc/README.md"
install -m 644 "$here"/systemd/indextts-sidecar*.service "$units/"
# The services see no home folders. A watched one is shown by its parent, so that a folder that is replaced is seen too.
shown='' written=''
IFS=,: read -ra folders <<<"$(get_value SIDECAR_WATCH_DIR)"
for folder in "${folders[@]}"; do
    folder=${folder%"$below"} real=$(realpath -m "${folder%"$below"}")
    for path in "$folder" "$real"; do
        case $path/ in /home/* | /root/* | /run/user/*) shown+="BindReadOnlyPaths=\"-$(dirname "$path")\""$'\n' ;; esac
        written+="ReadWritePaths=\"-$path\""$'\n'
    done
done
besides=(indextts-sidecar-web indextts-sidecar-score indextts-sidecar-proxy)
for each in "$service" $([ -n "$instance" ] || say "${besides[*]}"); do
    more='' # a service that was asked for by --with writes beside the takes
    for extra in "${extras[@]}"; do [ "$each" != "indextts-sidecar-$extra" ] || more=$written; done
    install -d "$units/$each.service.d"
    { printf '%s\n' "# Written by install.sh from SIDECAR_WATCH_DIR." "[Service]" && sort -u <<<"$shown$more"; } \
        >"$units/$each.service.d/50-watched-folders.conf"
done
install -D -m 755 "$here/systemd/sidecar" /usr/local/bin/sidecar
systemctl daemon-reload

say "installed: $version"
if [ -z "$instance" ] && [ -n "$with" ]; then
    say "what you asked for by --with writes beside the takes. Let it, then start it:"
    for folder in "${folders[@]}"; do say "  sudo setfacl -m u:$account:rwx '${folder%"$below"}'"; done
    for each in "${extras[@]}"; do say "  sudo systemctl enable --now indextts-sidecar-$each"; done
fi
if [ -z "$start" ]; then
    say "start it with: sudo systemctl enable --now $service"
    exit 0
fi
case $(get_value SIDECAR_DATABASE_URL) in
    sqlite:*)
        SIDECAR_SETTINGS=$file runuser -u "$account" -- sh -c 'umask 027; exec /usr/local/bin/sidecar migrate' ||
            fail "correct that in $file, then run this again"
        # An older version made them for the service alone.
        find "$state" -maxdepth 1 -type f -name '*.db*' -exec chmod 640 {} +
        ;;
esac
if ! SIDECAR_SETTINGS=$file /usr/local/bin/sidecar --as-service doctor --no-service; then
    say "The findings above say what to do. The service starts all the same and waits"
    say "until it is done."
fi
systemctl enable --quiet "$service"
told() { systemctl show --property=StatusText --value "$service"; }
if ! systemctl restart "$service" 2>/dev/null; then
    fail "$service does not start: $(told). Correct it in $file; the service tries again by itself." \
        "journalctl -u $service tells more"
fi
# The others run the same program.
mapfile -t others < <(systemctl list-units --plain --no-legend 'indextts-sidecar*.service' | awk '{print $1}')
for other in "${others[@]}"; do
    [ "$other" = "$service.service" ] || systemctl try-restart "$other" 2>/dev/null ||
        say "$other does not start: $(systemctl show --property=StatusText --value "$other")"
done
for _ in {1..50}; do # the first look at folder and database
    case $(told) in ready*) break ;; esac
    sleep 0.1
done
say "running: $service, $(told)"
say
say "  how it does    systemctl status $service"
if [ -z "$instance" ]; then say "  the library    sudo sidecar --as-service web"; fi
say "  without sudo   sudo usermod -aG $account ${SUDO_USER:-NAME}, log in again, then:"
say "                 ${instance:+SIDECAR_SETTINGS=$file }sidecar find"
