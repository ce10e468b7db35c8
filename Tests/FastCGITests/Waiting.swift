import Glibc
import Harness
import TestSupport

/// How long a test waits for what must happen. Long, because the sanitizer and other programs slow down everything.
let patience = FastCGIClient.patience

/// True if a condition becomes true in time.
func eventually(within time: Duration = patience, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = ContinuousClock.now + time
    while try !condition() {
        guard ContinuousClock.now < deadline else { return false }
        poll(nil, 0, 1)
    }
    return true
}
