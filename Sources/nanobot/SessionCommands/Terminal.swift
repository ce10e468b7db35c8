import ArgumentParser
import Concurrency
import Glibc
import SystemPackage

/// Input and output that differ between a terminal and a pipe.
enum Terminal {
    /// True if there is somebody to ask.
    static let isInput = isatty(STDIN_FILENO) == 1
    private static let isOutput = isatty(STDOUT_FILENO) == 1
    private static let isError = isatty(STDERR_FILENO) == 1

    private struct Progress {
        var isShown = false
        var next = ContinuousClock.now
    }

    private static let progress = Mutex(Progress())

    /// Writes bytes, which do not end within a character, to standard output.
    ///
    /// - Throws: `ExitCode` if the reader has left, and `Failure`.
    static func put(_ bytes: [UInt8]) throws {
        if isOutput { clearProgress() }
        do {
            try FileDescriptor.standardOutput.writeAll(
                isOutput ? Array(String(decoding: bytes, as: UTF8.self).printable(keepsLines: true).utf8) : bytes)
        } catch Errno.brokenPipe {
            // The reader, such as head(1), has left. SIGPIPE would have ended the process with this status if it were not ignored.
            throw ExitCode(128 + SIGPIPE)
        } catch {
            throw Failure(description: "Standard output cannot be written: \(error)")
        }
    }

    static func put(_ text: String) throws { try put(Array(text.utf8)) }

    /// Writes a line of a listing to standard output. Names of files in it stay on the line.
    static func putLine(_ text: String) throws { try put(text.printable(keepsLines: false) + "\n") }

    /// Writes a line to standard error, which may be a log.
    static func say(_ text: String) { ask(text + "\n") }

    /// Writes a question to standard error.
    static func ask(_ text: String) {
        clearProgress()
        write(text.printable(keepsLines: true))
    }

    /// Shows progress on one line, at most ten times a second, if standard error is a terminal.
    static func progress(_ text: @autoclosure () -> String) {
        guard isError else { return }
        progress.withLock { progress in
            guard ContinuousClock.now >= progress.next else { return }
            progress = Progress(isShown: true, next: .now + .milliseconds(100))
            write(eraseLine + text())
        }
    }

    private static func clearProgress() {
        progress.withLock { progress in
            if progress.isShown { write(eraseLine) }
            progress.isShown = false
        }
    }

    /// Moves to the beginning of the line and erases it (ECMA-48, section 8.3.41).
    private static let eraseLine = "\r\u{1b}[K"

    /// Writes with one call, so that lines of several processes do not mix.
    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
