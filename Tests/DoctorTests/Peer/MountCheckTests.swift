import Testing

@testable import Doctor

@Suite("Mount options that lose turns")
struct MountCheckTests {
    private func mount(_ kind: String, _ options: String = "rw", source: String = "host:/data") throws -> Mount {
        try #require(Mount(at: "/srv/a/data", mounts: "36 35 0:45 / /srv/a rw,noatime shared:1 master:2 - \(kind) \(source) \(options)"))
    }

    @Test("a mount has its point, kind, source and both kinds of options")
    func fields() throws {
        let mount = try mount("nfs4", "rw,vers=4.2,local_lock=none")
        #expect((mount.id, mount.point, mount.kind, mount.source) == ("36", "/srv/a", "nfs4", "host:/data"))
        #expect(mount.has("noatime") && mount.has("rw") && !mount.has("vers"))
        #expect(mount.value("vers") == "4.2" && mount.value("ver") == nil)
    }

    @Test(
        "NFS without locks is a problem, and what it remembers a warning",
        arguments: [
            ("nfs", "rw,vers=3,nolock,noac,local_lock=none", ["problem nolock"]),
            ("nfs", "rw,vers=3,nolock,noac,local_lock=all", ["problem local_lock=all"]),
            ("nfs", "rw,vers=3,noac,local_lock=posix", ["problem local_lock=posix"]),
            ("nfs", "rw,vers=3,noac,local_lock=flock", ["warning before version 4"]),
            ("nfs4", "rw,vers=4.2,hard,local_lock=none", ["warning actimeo=0"]),
            ("nfs4", "rw,vers=4.2,noac,local_lock=none", ["ok nfs4"]),
            ("nfs4", "rw,vers=4.2,acregmin=0,acregmax=0,acdirmin=0,acdirmax=0,local_lock=none", ["ok nfs4"]),
            ("nfs4", "rw,vers=4.2,acregmin=0,acregmax=0,acdirmin=30,acdirmax=60", ["warning actimeo=0"]),
        ])
    func nfs(kind: String, options: String, expected: [String]) throws {
        let found = MountCheck(try mount(kind, options)).diagnostics()
        expect(found, expected)
        for diagnostic in found where diagnostic.level != .ok {
            #expect(diagnostic.fix.first?.hasPrefix("host:/data /srv/a nfs4 vers=4.2,hard,actimeo=0,lookupcache=none ") == true)
        }
    }

    private static let right = #"{ "Cmdlinestr": "/usr/sbin/glusterfs --attribute-timeout=0 --entry-timeout=0 --volfile-id=/vol /srv/a" }"#

    @Test(
        "GlusterFS that remembers is a problem, with the volume's and the mount's lines",
        arguments: [
            (right, ["vol-client-0", "vol-write-behind"], []),
            (right.replacing("=0", with: " 0.0"), [], []),
            (right.replacing("attribute-timeout=0", with: "attribute-timeout=1"), [], ["problem without attribute-timeout=0:"]),
            (#"{"Cmdlinestr": "glusterfs /srv/a"}"#, [], ["problem attribute-timeout=0 and entry-timeout=0:"]),
            (right.replacing("--volfile", with: "--negative-timeout=5 --volfile"), [], ["problem without negative-timeout=0"]),
            (right, ["vol-md-cache"], ["problem performance.stat-prefetch"]),
            (right, ["vol-md-cache", "vol-nl-cache"], ["problem performance.stat-prefetch", "problem performance.nl-cache"]),
            (nil, nil, ["warning could not be seen", "warning stat-prefetch"]),
        ] as [(String?, [String]?, [String])])
    func gluster(command: String?, translators: [String]?, expected: [String]) throws {
        let mount = GlusterMount(try mount("fuse.glusterfs", source: "host:/vol/part"), command: command, translators: translators)
        let found = mount.faults()
        expect(found, expected)
        for fix in found.filter({ $0.text.contains("performance.") }).flatMap(\.fix) { #expect(fix.contains(" vol performance.")) }
        #expect(mount.fix.count == 2 && mount.fix[0].contains(" -o attribute-timeout=0,entry-timeout=0 host:/vol/part /srv/a"))
    }

    @Test(
        "CephFS that goes on after it was cut off is a problem",
        arguments: [
            ("ceph", "rw,recover_session=clean", [], "", ["problem recover_session=clean"]),
            ("ceph", "rw,recover_session=no", [], "client reconnect stale = true", []),
            ("fuse.ceph-fuse", "rw", ["ceph-fuse", "/srv/a"], "[client]\n keyring = x", []),
            ("fuse.ceph-fuse", "rw", ["ceph-fuse", "--client-reconnect-stale=true", "/srv/a"], "", ["problem stale=true"]),
            ("fuse.ceph-fuse", "rw", ["ceph-fuse", "--client_reconnect_stale", "1", "/srv/a"], "", ["problem stale=true"]),
            ("fuse.ceph-fuse", "rw", [], "[client]\n\tclient reconnect stale = True  ", ["problem stale=true"]),
            ("fuse.ceph-fuse", "rw", [], "client_reconnect_stale = false", []),
        ])
    func ceph(kind: String, options: String, command: [String], settings: String, expected: [String]) throws {
        expect(CephMount(try mount(kind, options), command: command, settings: settings).faults(), expected)
    }

    @Test("another file system has no such option, and the lines that mend it name those that hosts may share")
    func others() throws {
        let check = MountCheck(try mount("ext4", source: "/dev/sda1"))
        expect(check.diagnostics(), ["ok /srv/a is ext4"])
        #expect(check.fix.joined().contains("CephFS"))
    }

    /// Expects diagnostics of these levels, whose texts contain these words, and lines that mend them.
    private func expect(_ found: [Diagnostic], _ expected: [String], sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(found.map(\.level.rawValue) == expected.map { String($0.prefix { $0 != " " }) }, "\(found)", sourceLocation: sourceLocation)
        for (diagnostic, text) in zip(found, expected) {
            let words = text.drop { $0 != " " }.dropFirst()
            #expect(diagnostic.text.hasPrefix("mount: ") && diagnostic.text.contains(words), sourceLocation: sourceLocation)
            #expect(diagnostic.level == .ok || !diagnostic.fix.isEmpty, sourceLocation: sourceLocation)
        }
    }
}
