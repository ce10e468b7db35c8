import FoundationEssentials
import Server
import SystemPackage
import Text

/// Looks for mount options and settings of a shared file system that lose turns where several hosts have one data directory.
struct MountCheck {
    private let mount: Mount

    /// Nil if no mount is known to contain the directory.
    init?(_ directory: FilePath) {
        guard let path = DocumentRootCheck.resolved(directory.string), let mount = Mount(at: path) else { return nil }
        self.mount = mount
    }

    init(_ mount: Mount) { self.mount = mount }

    func isSameMount(as other: MountCheck) -> Bool { mount.id == other.mount.id }

    func diagnostics() -> [Diagnostic] {
        let faults =
            switch mount.kind {
            case "fuse.glusterfs": GlusterMount(mount).faults()
            case "nfs", "nfs4": NFSMount(mount: mount).faults()
            case "ceph", "fuse.ceph-fuse": CephMount(mount).faults()
            default: [Diagnostic]()
            }
        guard faults.isEmpty else { return faults }
        let hint = mount.kind == "fuse.ceph-fuse" ? "; ceph config get client client_reconnect_stale must say false, too" : ""
        return [.ok("mount: \(mount.point) is \(mount.kind), with no option that is known to lose turns\(hint)")]
    }

    /// The lines that mend a mount on which hosts see late what others do, or do not keep each other out.
    var fix: [String] {
        switch mount.kind {
        case "fuse.glusterfs": GlusterMount(mount, command: nil, translators: nil).fix
        case "nfs", "nfs4": NFSMount(mount: mount).fix
        default:
            [
                "a file system that hosts may share, mounted on each of them: CephFS with its default options, or GlusterFS with",
                "    attribute-timeout=0,entry-timeout=0 and performance.stat-prefetch off",
            ]
        }
    }
}
