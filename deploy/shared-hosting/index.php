<?php
// Runs nanobot.cgi for each request as a web server runs a CGI program (RFC 3875), on hosts that run PHP but no programs. .htaccess sends
// the requests here. It works with PHP 5.4 and newer.
namespace nanobot;

// Calls a function of PHP, unless the host has disabled it (disable_functions).
function attempt($function)
{
    $arguments = array_slice(func_get_args(), 1);
    return function_exists($function) ? @call_user_func_array($function, $arguments) : null;
}

// An error as the program writes them.
function error($message, $code, $type = 'server_error')
{
    return sprintf('{"error":{"message":"%s","type":"%s","param":null,"code":"%s"}}', $message, $type, $code);
}

// Answers with an error, and ends. The log gets what is only for the owner.
function fail($status, $code, $message, $reason)
{
    $request = 'req_' . substr(md5(uniqid('', true)), 0, 24);
    attempt('error_log', "nanobot: $reason request=$request");
    http_response_code($status);
    header('Content-Type: application/json');
    header('Cache-Control: no-store');
    header("x-request-id: $request");
    exit(error($message, $code, $status < 500 ? 'invalid_request_error' : 'server_error'));
}

// What the program gets: the request, and nothing of PHP's own environment.
function environment()
{
    $names = '/^(AUTH_TYPE|HTTPS|QUERY_STRING|REDIRECT_HTTP_AUTHORIZATION'
        . '|(CONTENT|CONTEXT|DOCUMENT|HTTP|NANOBOT|REMOTE|REQUEST|SERVER)_\w+)$/';
    $environment = array('GATEWAY_INTERFACE' => 'CGI/1.1', 'PATH' => '/usr/local/bin:/usr/bin:/bin');
    foreach ($_SERVER as $name => $value) {
        if (is_string($value) && preg_match($names, $name)) {
            $environment[$name] = $value;
        }
    }
    // Where the program's paths begin, and the path below, as the web server understood it. Without the rules of .htaccess not every server
    // tells what comes behind this page's name: then the address has to begin with it.
    $page = $_SERVER['SCRIPT_NAME'];
    $folder = rtrim(dirname($page), '/');
    $address = explode('?', $_SERVER['REQUEST_URI'], 2);
    $path = isset($_SERVER['REDIRECT_PATH_BELOW']) ? $folder . $_SERVER['REDIRECT_PATH_BELOW'] : rawurldecode($address[0]);
    $mount = strpos("$path/", "$page/") === 0 ? $page : $folder;
    if (strpos("$path/", "$mount/") !== 0) {
        fail(404, 'not_found', 'There is nothing at this path', "The address does not begin with $folder.");
    }
    $environment['SCRIPT_NAME'] = $mount;
    $environment['PATH_INFO'] = substr($path, strlen($mount)) ?: '/';
    // Where no rule of .htaccess passes the header on.
    foreach ((array) attempt('apache_request_headers') as $name => $value) {
        if (strcasecmp($name, 'Authorization') === 0) {
            $environment['HTTP_AUTHORIZATION'] = $value;
        }
    }
    return $environment;
}

// The shell's command that runs the program. The program gets nothing that is open in PHP's processes, but for its pipes. If this page is in
// its owner's home directory, settings and conversations are there, even if PHP runs as another user, which may not look there itself
// (open_basedir). Otherwise the program looks up its own.
function command($program)
{
    $owner = (string) attempt('get_current_user');
    $home = preg_match('/^\w[\w.@-]*$/D', $owner) ? "home=$(cd ~$owner 2>/dev/null && pwd -P) &&" : 'false &&';
    $home .= ' case $home,$(pwd -P) in /,*) ;; "$home,$home"/*) export HOME="$home" ;; esac';
    return "$home; exec 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&- '" . str_replace("'", "'\\''", $program) . "'";
}

// Sends what stands before the body, and returns the type of the content.
function send_head($head)
{
    $status = 200;
    $type = '';
    foreach (preg_split('/\r?\n/', $head) as $line) {
        list($name, $value) = explode(':', $line, 2) + array('', '');
        if (strcasecmp($name, 'Status') === 0) {
            $status = (int) $value;
            continue;
        }
        header($line, false);
        if (strcasecmp($name, 'Content-Type') === 0) {
            $type = trim($value);
        }
    }
    // Last, because PHP changes the status with some headers.
    http_response_code($status);
    return $type;
}

// Nothing may come before the program's head, and nothing may hold its answer back.
attempt('ini_set', 'display_errors', '0');
attempt('ini_set', 'zlib.output_compression', '0');
attempt('ini_set', 'default_charset', '');
attempt('set_time_limit', 0);
// If the client leaves, the program decides what becomes of the turn.
attempt('ignore_user_abort', true);
while (ob_get_level() > 0 && @ob_end_clean()) {
}
header_remove('X-Powered-By');

foreach (array('proc_open', 'proc_close', 'stream_select', 'stream_set_blocking') as $function) {
    if (!function_exists($function)) {
        fail(
            503,
            'internal_error',
            "This host runs neither CGI programs nor programs that PHP starts: $function is disabled. Ask the host to allow one of them.",
            "$function is in disable_functions of php.ini. README.txt says what to do."
        );
    }
}
$program = __DIR__ . '/nanobot.cgi';
// An upload may lose the permission.
if (!is_executable($program) && attempt('chmod', $program, 0755)) {
    clearstatcache();
}
if (!is_executable($program)) {
    fail(
        500,
        'internal_error',
        'nanobot.cgi cannot be run. Upload it into the folder of index.php, and set its permissions to 755.',
        "$program is missing or may not be run. Its permissions must be 755, on a file system that allows programs."
    );
}
$pipes = array();
$process = @proc_open(
    command($program),
    array(array('pipe', 'r'), array('pipe', 'w'), array('pipe', 'w')),
    $pipes,
    __DIR__,
    environment()
);
if (!is_resource($process)) {
    fail(503, 'overloaded', 'The program could not be started. Try again later.', "$program could not be started: too many processes?");
}
foreach ($pipes as $pipe) {
    stream_set_blocking($pipe, false);
}

$body = fopen('php://input', 'rb');
$unsent = '';   // of the body
$head = '';     // until it is whole
$type = null;   // the type of the content, once the head was sent
$log = '';      // the last line of the program's log
// Apache holds back what comes from PHP-FPM until it is 8 KB, unless the host has set flushpackets. So comments go behind the events of a
// stream, at most four times a second.
$tail = '';
$pads = false;
$padded = 0;
while (isset($pipes[1]) || isset($pipes[2])) {
    if (isset($pipes[0]) && $unsent === '') {
        $unsent = (string) fread($body, 65536);
        if ($unsent === '') {
            fclose($pipes[0]);
            unset($pipes[0]);
        }
    }
    $readable = array_intersect_key($pipes, array(1 => true, 2 => true));
    $writable = array_intersect_key($pipes, array(0 => true));
    $other = null;
    $wait = $pads ? max(0, $padded + 0.25 - microtime(true)) : 60;
    $selected = @stream_select($readable, $writable, $other, (int) $wait, (int) (fmod($wait, 1) * 1000000));
    if ($selected === false) {
        // A signal; or a number that select(2) does not take, in a server with a thousand files: then all pipes are looked at in turn.
        usleep(5000);
    }
    if ($writable) {
        $count = (int) @fwrite($pipes[0], $unsent);
        $unsent = (string) substr($unsent, $count);
        // The program may answer before it has read everything.
        if ($count === 0 && $selected) {
            fclose($pipes[0]);
            unset($pipes[0]);
        }
    }
    foreach (array_keys($readable) as $number) {
        $data = (string) fread($pipes[$number], 65536);
        if ($data === '' && feof($pipes[$number])) {
            fclose($pipes[$number]);
            unset($pipes[$number]);
        } elseif ($number === 2) {
            $lines = explode("\n", $log . $data);
            $log = array_pop($lines);
            foreach ($lines as $line) {
                attempt('error_log', $line);
            }
        } else {
            if ($type === null) {
                $head .= $data;
                if (!preg_match('/\r?\n\r?\n/', $head, $end, PREG_OFFSET_CAPTURE)) {
                    continue;
                }
                $type = send_head(substr($head, 0, $end[0][1]));
                $data = (string) substr($head, $end[0][1] + strlen($end[0][0]));
            }
            echo $data;
            flush();
            $tail = substr($tail . $data, -2);
            $pads = PHP_SAPI === 'fpm-fcgi' && strpos($type, 'text/event-stream') === 0 && $tail === "\n\n";
            // The program notices it when it writes, as with every web server.
            if (connection_aborted()) {
                fclose($pipes[1]);
                unset($pipes[1]);
            }
        }
    }
    $pads = $pads && isset($pipes[1]);
    if ($pads && microtime(true) >= $padded + 0.25) {
        echo ':' . str_repeat(' ', 9000) . "\n\n";
        flush();
        $pads = false;
        $padded = microtime(true);
    }
}
if ($log !== '') {
    attempt('error_log', $log);
}
// -1: not known.
$status = proc_close($process);
if ($type === null) {
    fail(
        500,
        'internal_error',
        'The program ended without an answer. The web site\'s error log says why.',
        "$program ended with status $status before it answered."
    );
}
if ($status > 0) {
    attempt('error_log', "nanobot: $program ended with status $status.");
    // Without it, a stream that was cut would look whole.
    if (strpos($type, 'text/event-stream') === 0) {
        echo "\n\ndata: " . error('The answer was cut off.', 'internal_error') . "\n\n";
    }
}
