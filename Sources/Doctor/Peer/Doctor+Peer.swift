import Sessions
import SystemPackage
import Text

extension Doctor {
    /// Checks that this host and another client of the file system may have one data directory.
    ///
    /// - Parameter peer: the other client.
    package func checkPeer(_ peer: PeerAddress, _ report: ([Diagnostic]) throws -> Void) async throws {
        // Without a data directory there is a problem already.
        guard let directory = dataDirectory else { return }
        let token: ProbeToken
        do {
            token = try ProbeToken(in: directory)
        } catch {
            let fix = ["run nanobot doctor as the user that the responder runs as, with its configuration"]
            return try report([.problem("peer: nothing can be tried: \(error)", fix)])
        }
        defer { token.remove() }
        guard let probe = PeerProbe(token: token.token, in: directory) else {
            let text = "peer: a file that has just been made in \(directory) has a time of ten minutes ago or is not there"
            return try report([.problem(text, ["timedatectl set-ntp true    # here, and on the file server"])])
        }
        let here = LocalSide(place: "here", probe: probe)
        let mount = MountCheck(directory)
        let there: (any PeerSide)? =
            switch peer {
            case .directory(let other):
                try await find(token, on: other, beside: mount, of: directory, report)
            case .site(let site):
                try await find(token, at: site, of: directory, report)
            }
        try report(mount?.diagnostics() ?? [])
        if case .directory(let other) = peer, let second = MountCheck(other), mount?.isSameMount(as: second) == false {
            try report(second.diagnostics())
        }
        guard let there else { return }
        try report(await PeerCheck(here: here, there: there, fix: mount?.fix ?? []).diagnostics())
    }

    /// Another directory of this host, if what is made in the data directory is there.
    private func find(
        _ token: ProbeToken, on other: FilePath, beside mount: MountCheck?, of directory: FilePath,
        _ report: ([Diagnostic]) throws -> Void
    ) async throws -> (any PeerSide)? {
        guard MountCheck(other) != nil else {
            let fix = ["give the path of the second mount, or the URL of the other host's responder with its http://"]
            try report([.problem("peer: there is no directory \(other)", fix)])
            return nil
        }
        let deadline = ContinuousClock.now + Self.patience
        var probe = PeerProbe(token: token.token, in: other)
        let isLate = probe == nil
        while probe == nil, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(100))
            probe = PeerProbe(token: token.token, in: other)
        }
        guard let probe else {
            let fix = ["findmnt -T \(directory); findmnt -T \(other)    # must name one SOURCE, and one directory of it"]
            try report([.problem("peer: \(other) is another directory: what is made in \(directory) is not there", fix)])
            return nil
        }
        if isLate {
            let text = "peer: \(other) is the same directory, but a file made in \(directory) is not there at once"
            try report([.problem(text, mount?.fix ?? [])])
        } else if let mount, let second = MountCheck(other), mount.isSameMount(as: second) {
            let text = "peer: \(other) is on the same mount as \(directory): what two hosts would see is not tried"
            try report([.warning(text, ["mount the file system once more, and give the directory there"])])
        } else {
            try report([.ok("peer: \(other) is the same directory on another mount")])
        }
        return LocalSide(place: "in \(other)", probe: probe)
    }

    /// How long to wait for what is not seen at once.
    private static let patience = Duration.seconds(5)

    /// A responder behind a URL, if it has the data directory.
    private func find(
        _ token: ProbeToken, at site: SiteAddress, of directory: FilePath, _ report: ([Diagnostic]) throws -> Void
    ) async throws -> (any PeerSide)? {
        let reachability = await ReachabilityCheck.run(site, engine)
        guard reachability.isOpen else {
            try report(reachability.diagnostics)
            return nil
        }
        let side = RemoteSide(site: site, token: token.token, engine: engine)
        do {
            let deadline = ContinuousClock.now + Self.patience
            while try await !side.knowsToken() {
                guard ContinuousClock.now < deadline else {
                    try report([
                        .problem(
                            "peer: the responder at \(site) does not have the data directory \(directory)",
                            [
                                "nanobot config    # there: dataDir must name the shared directory",
                                "findmnt -T \(directory)    # on both hosts: must name one SOURCE, and one directory of it",
                                "date    # on both hosts: a token is forgotten after ten minutes",
                            ])
                    ])
                    return nil
                }
                try await Task.sleep(for: .milliseconds(100))
            }
            let view = try await side.perform(.view)
            let text = "peer: the responder at \(site) has the same directory, on the host \(view.host)"
            guard view.host == PeerProbe.hostName else {
                try report([.ok(text)])
                return side
            }
            try report([.warning(text + ", which is this one's name", ["run it on one host, and give the address of another"])])
            return side
        } catch {
            try report([
                .problem("peer: \(error)", ["the responder there must be of this version, and run as the user that this runs as"])
            ])
            return nil
        }
    }
}
