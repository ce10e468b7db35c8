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

# .htaccess hands every path below the folder to nanobot, so it must not hold anything else. The program comes first and goes last, so that
# an installation that was interrupted is known: by the program, or by nothing but the copies in .new.PID.
owned() { [ ! -e "$target" ] || [ -f "$target/nanobot.cgi" ] || [ -z "$(ls -A "$target" | grep -v '^\.new\.')" ]; }
case $target in "" | "$HOME") fail "The home directory cannot be nanobot's folder. Choose a folder below it with --dir." ;; esac
owned || fail "$target holds other files, which would no longer be served. Choose another folder with --dir."

if [ -n "$uninstall" ]; then
    [ -n "$(ls -A "$target" 2>/dev/null)" ] || fail "There is no nanobot in $target."
    for file in index.php .htaccess nanobot.cgi; do rm -rf "$target/$file.new" "$target"/.new.* "$target/$file"; done
    rmdir "$target" 2>/dev/null || echo "Left other files in $target"
    echo "Removed nanobot from $target"
    echo "Conversations and settings stay in $HOME/.nanobot"
    exit
fi

# Runs a program, which may hang: for 30 seconds at most, if the host has what it takes.
limit='timeout -k 5 30'
$limit true 2>/dev/null || limit=''
run() {
    $limit "$@" || {
        status=$?
        [ $status != 124 ] || echo "It did not end within 30 seconds." >&2
        return $status
    }
}

# Try the program before anything changes: the host may be older, or may not allow programs here.
program=$here/nanobot/nanobot.cgi
[ -f "$program" ] || fail "$program is missing. Unpack the whole archive and run this from there."
unset GATEWAY_INTERFACE
version=$(run "$program" --version 2>&1) ||
    fail "The program does not run on this host. It needs Linux on @ARCH@ with glibc @GLIBC@ or newer. It says: $version"

parent=$(dirname "$target")
[ -d "$parent" ] || fail "$parent is not there. Create it first, or choose another folder with --dir."

umask 077
# Asks a program whether it is well, as a web server does.
answers() {
    reply=$(run env -i HOME="$HOME" PATH="$PATH" GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET PATH_INFO=/health SCRIPT_NAME=/nanobot.cgi \
        "$1" 2>&1 </dev/null || true)
    case $reply in *'{"status":"ok"}'*) ;; *) return 1 ;; esac
}
answers "$program" || fail "The program does not answer with your settings, so nothing was changed. It says: $reply"

# An older program may not be able to read what a newer one wrote.
if ! cmp -s "$program" "$target/nanobot.cgi"; then
    newer=$("$program" sessions verify 2>/dev/null | grep -F -c 'A newer version' || true)
    [ "${newer:-0}" = 0 ] ||
        fail "This is nanobot $version, which cannot read $newer of the conversations that a newer version wrote. Nothing was changed."
fi

# What an earlier run left that was killed.
for old in "$target"/.new.* "$HOME/.nanobot"/.new.*; do
    { [ "${old##*.}" != $$ ] && kill -0 "${old##*.}" 2>/dev/null; } || rm -rf "$old"
done

# Until the new program has answered in its place, whatever ends this brings back what was there.
new=$target/.new.$$ settings=$HOME/.nanobot/.new.$$ configuration=$HOME/.nanobot/config.json
made='' kept="kept as it is" moved='' obsolete='' changed=''
restore() {
    set +e
    trap '' HUP INT TERM
    for file in $moved; do
        if [ -e "$new/old/$file" ]; then mv -f "$new/old/$file" "$target/$file"; else rm -f "$target/$file"; fi
    done
    rm -rf "$new" "$settings"
    [ "$kept" != new ] || rm -f "$configuration"
    [ -z "$made" ] || rmdir "$target"
    echo "install.sh: It was not completed. What was there before is back." >&2
}
trap restore EXIT
trap 'exit 1' HUP INT TERM

mkdir -p "$HOME/.nanobot/data" "$settings"
chmod 700 "$HOME/.nanobot" "$HOME/.nanobot/data"
if [ ! -d "$target" ]; then
    mkdir "$target" || fail "$target cannot be created."
    made=1
fi
[ -w "$target" ] || fail "You cannot write to $target."
# The web server has to read the folder. suexec runs nothing in a folder that others can write.
[ -f "$target/nanobot.cgi" ] || chmod 755 "$target"
mkdir "$new" "$new/old"

# Copies a file, to be moved into place when all are complete: no request meets half a program, and a full disk changes nothing. If it takes
# another one's place, it gets that one's permissions; a program may have lost them on its way.
copy() {
    cp "$1" "$new/$3"
    mode=$2
    if [ -e "$target/$3" ]; then
        ln "$target/$3" "$new/old/$3" 2>/dev/null || cp -p "$target/$3" "$new/old/$3"
        { [ "$2" = 755 ] && [ ! -x "$target/$3" ]; } || mode=$(stat -c %a "$target/$3")
    fi
    chmod "$mode" "$new/$3"
}

# The owner may have changed a file, such as .htaccess for a password. What was put there last is remembered, to tell.
keep() {
    ours=$here/nanobot/$1 mine=$target/$1 shipped=$HOME/.nanobot/${1#.}
    cp "$ours" "$settings/"
    if [ ! -e "$mine" ] || cmp -s "$shipped" "$mine" || cmp -s "$ours" "$mine"; then
        copy "$ours" 644 "$1"
        obsolete="$obsolete $1.new"
    elif ! cmp -s "$ours" "$shipped"; then
        copy "$ours" 644 "$1.new"
        changed="$changed
Your $mine was changed, so it stays as it is. This version's is beside it, as $1.new: take over what is new."
        changes=$(diff "$shipped" "$ours" 2>/dev/null || true)
        [ -z "$changes" ] || changed="$changed
Since the version before (<) these lines are new (>):
$changes"
    fi
}
copy "$program" 755 nanobot.cgi
# In a cgi-bin PHP's files would be taken for programs.
case $target/ in */cgi-bin/*) files=.htaccess ;; *) files="index.php .htaccess" ;; esac
for file in $files; do keep "$file"; done
# Before the program: a new API is closed from the start.
if [ ! -e "$configuration" ]; then
    echo '{"model":{"name":"nanobot"},"auth":{"required":true}}' >"$settings/config.json"
    kept=new
    mv "$settings/config.json" "$configuration"
fi
chmod 600 "$configuration"

for file in nanobot.cgi index.php index.php.new .htaccess .htaccess.new; do
    [ -e "$new/$file" ] || continue
    moved="$file $moved"
    mv -f "$new/$file" "$target/$file"
done
answers "$target/nanobot.cgi" || fail "The program does not answer in $target. It says: $reply"
trap - EXIT HUP INT TERM
for file in $files; do mv -f "$settings/$file" "$HOME/.nanobot/${file#.}"; done
for file in $obsolete; do rm -f "$target/$file"; done
rm -rf "$new" "$settings"

# An upgrade makes no key for an API that is open: clients would not have it.
first='' open=''
if [ -z "$(run "$program" keys list --json || echo unknown)" ]; then
    if run "$program" config | grep '^auth.required = true' >/dev/null; then
        first=$(run "$program" keys add --name first --scope '*' --routes chat,read,list,export,write,admin) ||
            fail "No API key could be made, so the API refuses every request. When that is mended, run this again."
        first=$(echo "$first" | head -n 1)
    else
        open=1
    fi
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
case $address in
*[!A-Za-z0-9/._~-]*) address=$(printf %s "$address" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g; s/%2f/\//g') ;;
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
[ -z "$open" ] || cat <<END
There is no API key, so everybody who knows the address can use the API. README.txt says how to make one.
END
[ -z "$first" ] || cat <<END
This API key is shown this once, and every other request needs it (Authorization: Bearer KEY, or x-api-key: KEY):
    $first
END
