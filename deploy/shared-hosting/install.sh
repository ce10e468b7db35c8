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
{ [ -n "${HOME-}" ] && [ -d "$HOME" ] && [ -w "$HOME" ]; } || fail "HOME is not a directory that you can write to: ${HOME-not set}."
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
    for file in nanobot.cgi index.php .htaccess; do rm -f "$target/$file" "$target/$file.new"; done
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

umask 077
# Asks a program whether it is well, as a web server does.
answers() {
    reply=$(env -i HOME="$HOME" PATH="$PATH" GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET PATH_INFO=/health SCRIPT_NAME=/nanobot.cgi \
        "$1" 2>&1 </dev/null || true)
    case $reply in *'{"status":"ok"}'*) ;; *) return 1 ;; esac
}

# An older program may not be able to read what a newer one wrote.
before=$(env -u GATEWAY_INTERFACE "$target/nanobot.cgi" --version 2>/dev/null || true)
if [ "$before" != "$version" ] && [ "$(printf '%s\n' "$before" "$version" | sort -V | tail -n 1)" = "$before" ]; then
    newer=$(env -u GATEWAY_INTERFACE "$program" sessions verify 2>/dev/null | grep -F -c 'A newer version' || true)
    [ "${newer:-0}" = 0 ] ||
        fail "This is nanobot $version, which cannot read $newer of the conversations that nanobot $before wrote. Nothing was changed."
fi
answers "$program" || fail "The program does not answer with your settings, so nothing was changed. It says: $reply"

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

# What is replaced is kept until the new program has answered in its place.
mkdir -p "$HOME/.nanobot/data"
chmod 700 "$HOME/.nanobot" "$HOME/.nanobot/data"
previous=$HOME/.nanobot/previous
rm -rf "$previous"
mkdir "$previous"
for file in nanobot.cgi index.php .htaccess; do
    [ ! -e "$target/$file" ] || cp -p "$target/$file" "$previous/$file"
done

# The owner may have changed a file, such as .htaccess for a password. What was put there last is remembered, to tell.
changed=''
keep() {
    new=$here/nanobot/$1 mine=$target/$1 shipped=$HOME/.nanobot/${1#.}
    if [ ! -e "$mine" ] || cmp -s "$shipped" "$mine"; then
        put "$new" 644 "$1"
        rm -f "$mine.new"
    elif ! cmp -s "$new" "$mine" && ! cmp -s "$new" "$shipped"; then
        put "$new" 644 "$1.new"
        changed="$changed
Your $mine was changed, so it stays as it is. This version's is beside it, as $1.new: take over what is new."
        changes=$(diff "$shipped" "$new" 2>/dev/null || true)
        [ -z "$changes" ] || changed="$changed
Since the version before (<) these lines are new (>):
$changes"
    fi
}
files=.htaccess
# In a cgi-bin PHP's files would be taken for programs.
case $target/ in */cgi-bin/*) ;; *) files="index.php $files" ;; esac
for file in $files; do keep "$file"; done
put "$program" 755 nanobot.cgi
if ! answers "$target/nanobot.cgi"; then
    for file in nanobot.cgi $files; do
        if [ -e "$previous/$file" ]; then
            put "$previous/$file" "$(stat -c %a "$previous/$file")" "$file"
        else
            rm -f "$target/$file"
        fi
        rm -f "$target/$file.new"
    done
    rmdir "$target" 2>/dev/null || true
    rm -rf "$previous"
    fail "The program does not answer in $target, so what was there before is back. It says: $reply"
fi
rm -rf "$previous"
for file in $files; do cp "$here/nanobot/$file" "$HOME/.nanobot/${file#.}"; done

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
[ -z "$changed" ] || echo "${changed#?}"
[ -z "$first" ] || cat <<END
This API key is shown this once, and every other request needs it (Authorization: Bearer KEY, or x-api-key: KEY):
    $first
END
