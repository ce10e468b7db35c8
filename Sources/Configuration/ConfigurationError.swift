import Text

/// Why a setting or the configuration file cannot be used.
package struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// A sentence that names the setting or the file and shows no secret.
    package let description: String

    package init(_ description: String) { self.description = description }
}
