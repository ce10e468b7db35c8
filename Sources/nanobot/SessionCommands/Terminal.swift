import ArgumentParser
import Concurrency
import Glibc
import SystemPackage

/// What differs between a person who watches and a pipe.
enum Terminal {
    /// Whether there is somebody to ask.
    static let isInput = isatty(STDIN_FILENO) == 1
    private static let isOutput = isatty(STDOUT_FILENO) == 1
    private static let isError = isatty(STDERR_FILENO) == 1

    private struct Progress {
        var isShown = false
        var next = ContinuousClock.now
    }

    private static let progress = Mutex(Progress())

    /// Whole characters on standard output, all of them.
    ///
    /// - Throws: `ExitCode` where nobody reads them any more, and `Failure`.
    static func put(_ bytes: [UInt8]) throws {
        if isOutput { clearProgress() }
        do {
            try FileDescriptor.standardOutput.writeAll(isOutput ? Array(printable(String(decoding: bytes, as: UTF8.self)).utf8) : bytes)
        } catch Errno.brokenPipe {
            // Such as head(1), which has seen enough. The signal would have said the same, where it is not ignored.
            throw ExitCode(128 + SIGPIPE)
        } catch {
            throw Failure(description: "Standard output cannot be written: \(error)")
        }
    }

    static func put(_ text: String) throws { try put(Array(text.utf8)) }

    /// A line on standard error.
    static func say(_ text: String) { ask(text + "\n") }

    /// Text on standard error that an answer follows.
    static func ask(_ text: String) {
        clearProgress()
        write(isError ? printable(text) : text)
    }

    /// How far something has come, over and over on one line, where somebody watches; ten times a second at most.
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

    /// ECMA-48, section 8.3.41: erases the line, whose beginning the cursor goes to.
    private static let eraseLine = "\r\u{1b}[K"

    /// Text for a terminal: characters that would command it become `\u001b` and the like, which JSON reads as the same.
    private static func printable(_ text: String) -> String {
        var printable = ""
        for scalar in text.unicodeScalars {
            if scalar.properties.generalCategory == .control, scalar != "\n", scalar != "\t" {
                let code = String(scalar.value, radix: 16)
                printable += "\\u" + String(repeating: "0", count: 4 - code.count) + code
            } else {
                printable.unicodeScalars.append(scalar)
            }
        }
        return printable
    }

    /// With one call: lines of several processes do not mix.
    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
