import Glibc
import SystemPackage

extension FilePath {
    /// The names in the path. `components` checks itself so thoroughly in a debug build that the simulated disk did little else.
    var names: [String] {
        withPlatformString { path in
            var names: [String] = []
            var rest = path + strspn(path, "/")
            while rest.pointee != 0 {
                let length = strcspn(rest, "/")
                names.append(String(decoding: UnsafeRawBufferPointer(start: rest, count: length), as: UTF8.self))
                rest += length
                rest += strspn(rest, "/")
            }
            return names
        }
    }
}
