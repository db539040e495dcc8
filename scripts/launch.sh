# Sourced by the commands beside this file: finds the project and a Python, so that they work from any directory.
# shellcheck shell=sh
root=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")
export PYTHONPATH="$root" PYTHONUNBUFFERED=1

tell() {
    printf '%s (%s)\n' "$1" "$2" >&2
}

is_new_enough() {
    command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    # Debian builds its Python by profile: one that was built without, as pyenv does, works a sixth longer for the same.
    case ":$PATH:" in *:/usr/bin:*)
        python=/usr/bin/python3
        if is_new_enough "$python" && "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then return 0; fi
        ;;
    esac
    for python in python3 python3.11 python3.12 python3.13 python3.14; do
        if is_new_enough "$python"; then return 0; fi
    done
    return 1
}

install_python() {
    command -v apt-get >/dev/null 2>&1 || return 1
    if [ "$(id -u)" = 0 ]; then as_root=''; else as_root='sudo -n'; fi
    tell 'Đang cài Python…' 'installing Python'
    # shellcheck disable=SC2086
    $as_root apt-get update -qq >/dev/null &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv >/dev/null
}

if ! find_python; then
    if command -v python3 >/dev/null 2>&1 || ! install_python || ! find_python; then
        tell 'Cần Python 3.11 trở lên: hãy chạy "sudo apt-get install python3 python3-venv" trên Debian 12 hoặc mới hơn, rồi chạy lại' \
            'Python 3.11 or newer is needed: install python3 and python3-venv on Debian 12 or newer, then run this again'
        exit 10
    fi
fi
