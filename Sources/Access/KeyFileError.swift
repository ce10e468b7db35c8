import SystemPackage
import Text

/// Why a key file cannot be used: a sentence without its end.
package struct KeyFileError: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    init(_ path: FilePath, _ reason: String) { self.init("The key file \(path) \(reason)") }
}
