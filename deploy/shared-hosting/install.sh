#!/bin/sh
# Installs nanobot in a home directory, without root, for a web server that runs CGI programs as this user. Run it again to upgrade.
# usage: ./install.sh [--dir DIRECTORY] [--uninstall]
# --dir: the folder to use. The default is "nanobot" in the first cgi-bin or folder of the site that is found.
# --uninstall: removes the program. Conversations and settings stay.
set -eu

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

here=$(cd "$(dirname "$0")" && pwd)
target='' uninstall=''
while [ $# -gt 0 ]; do
    case $1 in
    --dir)
        [ -n "${2-}" ] || fail "--dir needs a directory."
        target=$2
        shift
        ;;
    --uninstall) uninstall=1 ;;
    *) fail "It takes --dir DIRECTORY and --uninstall, not \"$1\"." ;;
    esac
    shift
done

[ "$(id -u)" != 0 ] || fail "This is for a user's own home directory; it does not run as root."
[ -n "${HOME-}" ] && [ -d "$HOME" ] && [ -w "$HOME" ] || fail "HOME is not a directory that you can write to: ${HOME-not set}."
HOME=$(cd "$HOME" && pwd -P)

# A cgi-bin comes first: there the web server is sure to run programs.
if [ -z "$target" ]; then
    for folder in cgi-bin public_html/cgi-bin www/cgi-bin htdocs/cgi-bin public_html www htdocs; do
        if [ -d "$HOME/$folder" ]; then
            target=$HOME/$folder/nanobot
            break
        fi
    done
    [ -n "$target" ] ||
        fail "There is no cgi-bin, public_html, www or htdocs in $HOME. Choose a folder with --dir, such as --dir ~/web/nanobot."
fi
case $target in /*) ;; *) target=$PWD/$target ;; esac
target=${target%/}

# .htaccess hands every path below the folder to nanobot, so it must not hold anything else.
owned() { [ ! -e "$target" ] || [ -f "$target/nanobot.cgi" ] || [ -z "$(ls -A "$target")" ]; }
case $target in "" | "$HOME") fail "The home directory cannot be nanobot's folder. Choose a folder below it with --dir." ;; esac
owned || fail "$target holds other files, which would no longer be served. Choose another folder with --dir."

if [ -n "$uninstall" ]; then
    [ -f "$target/nanobot.cgi" ] || fail "There is no nanobot in $target."
    rm -f "$target/nanobot.cgi" "$target/.htaccess" "$target/.htaccess.new"
    rmdir "$target" 2>/dev/null || echo "Left other files in $target"
    echo "Removed nanobot from $target"
    echo "Conversations and settings stay in $HOME/.nanobot"
    exit
fi

# Try the program before anything changes: the host may be older, or may not allow programs here.
program=$here/nanobot/nanobot.cgi
[ -f "$program" ] || fail "$program is missing. Unpack the whole archive and run this from there."
version=$(env -u GATEWAY_INTERFACE "$program" --version 2>&1) ||
    fail "The program does not run on this host. It needs Linux on @ARCH@ with glibc @GLIBC@ or newer. It says: $version"

parent=$(dirname "$target")
[ -d "$parent" ] || fail "$parent is not there. Create it first, or choose another folder with --dir."
if [ ! -d "$target" ]; then
    mkdir "$target" || fail "$target cannot be created."
fi
[ -w "$target" ] || fail "You cannot write to $target."
# The web server has to read the folder. suexec runs nothing in a folder that others can write.
chmod 755 "$target"

# Copies a file, and moves it into place when it is complete, so that no request meets half a program.
put() {
    temporary=$target/.new.$$
    trap 'rm -f "$temporary"' EXIT
    cp "$1" "$temporary"
    chmod "$2" "$temporary"
    mv -f "$temporary" "$target/$3"
}
# The owner may have added lines to .htaccess, such as a password. What was put there last is remembered, to tell.
new=$here/nanobot/.htaccess shipped=$HOME/.nanobot/htaccess rules=''
if [ ! -e "$target/.htaccess" ] || cmp -s "$shipped" "$target/.htaccess"; then
    put "$new" 644 .htaccess
    rm -f "$target/.htaccess.new"
elif ! cmp -s "$new" "$target/.htaccess" && ! cmp -s "$new" "$shipped"; then
    put "$new" 644 .htaccess.new
    rules="Your $target/.htaccess was changed, so it stays as it is. This version's is beside it, as .htaccess.new: take over what is new."
    changes=$(diff "$shipped" "$new" 2>/dev/null || true)
    [ -z "$changes" ] || rules="$rules
Since the version before (<) these lines are new (>):
$changes"
fi
put "$program" 755 nanobot.cgi

umask 077
mkdir -p "$HOME/.nanobot/data"
chmod 700 "$HOME/.nanobot" "$HOME/.nanobot/data"
cp "$new" "$shipped"
configuration=$HOME/.nanobot/config.json
if [ -e "$configuration" ]; then
    kept="kept as it is"
else
    echo '{"model":{"name":"nanobot"}}' >"$configuration"
    kept="new"
fi
chmod 600 "$configuration"

# A new API is closed from the start. An upgrade makes no key: clients would not have it.
first=''
if [ "$kept" = new ] && [ -z "$(env -u GATEWAY_INTERFACE "$target/nanobot.cgi" keys list --json)" ]; then
    first=$(env -u GATEWAY_INTERFACE "$target/nanobot.cgi" keys add --name first --scope '*' \
        --routes chat,read,list,export,write,admin | head -n 1)
    [ -n "$first" ] || fail "No API key could be made, so everybody who knows the address can use the API."
fi

# The path as browsers see it.
case $target in
"$HOME"/public_html | "$HOME"/www | "$HOME"/htdocs) address='' ;;
*/cgi-bin/*) address=/cgi-bin/${target##*/cgi-bin/}/nanobot.cgi ;;
"$HOME"/public_html/*) address=/${target#"$HOME"/public_html/} ;;
"$HOME"/www/*) address=/${target#"$HOME"/www/} ;;
"$HOME"/htdocs/*) address=/${target#"$HOME"/htdocs/} ;;
*) address=/${target##*/} ;;
esac
cat <<END
nanobot $version is installed.
Program:       $target
Conversations: $HOME/.nanobot/data
Settings:      $configuration ($kept)
Try, with your site's name:
    curl -sS https://YOUR-SITE$address/health
END
[ -z "$rules" ] || echo "$rules"
[ -z "$first" ] || cat <<END
This API key is shown this once, and every other request needs it (Authorization: Bearer KEY, or x-api-key: KEY):
    $first
END
