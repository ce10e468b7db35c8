import FoundationEssentials
import Glibc

/// Session files in nanobot's format, written without the code that is measured.
struct SessionFiles {
    let directory: String

    /// Writes a session with `turns` turns.
    func write(_ key: String, turns: Int) throws {
        let path = "\(directory)/\(key).json"
        guard let file = fopen(path, "w") else {
            throw Failure(description: "\(path) cannot be written: \(String(cString: strerror(errno))).")
        }
        defer { fclose(file) }
        fputs(#"{"format":"nanobot-session/1","key":"\#(key)","created_at":"2026-11-23T09:00:00Z","turns":["#, file)
        for number in 0..<turns {
            let separator = number == 0 ? "\n" : ",\n"
            fputs(
                separator
                    + #"{"id":"turn-\#(number)","at":"2026-11-23T09:00:00Z","messages":[{"role":"user","content":"Remember that number \#(number) "#
                    + #"of this list is a word of seven letters, and tell me so when I ask you for it."},"#
                    + #"{"role":"assistant","content":"I will remember that number \#(number) is a word of seven letters."}],"model":"nanobot","#
                    + #""finish_reason":"stop","usage":{"prompt_tokens":20,"completion_tokens":12,"total_tokens":32},"#
                    + #""request":{"id":"req_\#(number)","idempotency_key":null,"body_sha256":"00"}}"#, file)
        }
        fputs("\n]}\n", file)
    }

    /// Writes many short sessions, with a line of progress now and then.
    func write(count: Int, prefix: String, turns: Int) throws {
        for number in 0..<count {
            try write("\(prefix)\(number)", turns: turns)
            if number % 100_000 == 99_999 {
                Progress.say("\((number + 1).description) files written")
                try Interruption.pause(.zero)
            }
        }
    }

    func size(_ key: String) throws -> Int {
        var status = stat()
        guard stat("\(directory)/\(key).json", &status) == 0 else { throw Failure(description: "The session \(key) is not there.") }
        return Int(status.st_size)
    }
}
