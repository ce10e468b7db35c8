import Files
import Text

/// The files that lead from the locators of named sessions to their keys.
struct LocatorFiles: Sendable {
    let files: SmallFiles

    /// The key of a session; nil if no file says it.
    func key(at locator: SessionLocator) throws(SessionError) -> SessionKey? {
        if let key = locator.unnamedKey { return key }
        let text = try files.read(locator.fileName, limit: SessionKey.maximumLength + 1)
        // A file that was cut short, or copied, leads nowhere.
        guard let key = text.flatMap({ String(validating: $0, as: UTF8.self) }).flatMap({ try? SessionKey($0) }),
            SessionLocator(key) == locator
        else { return nil }
        return key
    }

    /// Makes the file of a session's locator, if it needs one. The caller holds the session's lock.
    func ensure(_ key: SessionKey, synchronizes: Bool) throws(SessionError) {
        let locator = SessionLocator(key)
        guard locator.unnamedKey == nil else { return }
        let text = Array(key.description.utf8)
        guard try files.read(locator.fileName, limit: SessionKey.maximumLength + 1) != text else { return }
        try files.write(text, to: locator.fileName, synchronizes: synchronizes)
    }

    /// Whether a session has a locator's file.
    func has(_ key: SessionKey) -> Bool { files.has(SessionLocator(key).fileName) }

    /// Removes the file of a session's locator, if there is one.
    func remove(_ key: SessionKey) { files.remove(SessionLocator(key).fileName) }
}
