import Glibc
import SystemPackage

/// The only place in this module that reads `errno`. Retries on EINTR: no call here is meant to be interrupted.
func systemCall<Result: FixedWidthInteger>(_ call: () -> Result) throws(Errno) -> Result {
    while true {
        let result = call()
        if result != -1 { return result }
        let error = Errno(rawValue: errno)
        if error != .interrupted { throw error }
    }
}

func setOption<Value: BitwiseCopyable>(_ descriptor: CInt, level: CInt, _ name: CInt, _ value: Value) throws(Errno) {
    var value = value
    _ = try systemCall { setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Value>.size)) }
}

/// Runs system calls that belong together; the error says what they were for.
func attempt<Result>(
    _ purpose: String, code: FastCGIError.Code, _ calls: () throws(Errno) -> Result
) throws(FastCGIError) -> Result {
    do {
        return try calls()
    } catch {
        throw FastCGIError(code, "Cannot \(purpose)", cause: error)
    }
}
