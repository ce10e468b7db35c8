import Glibc

extension Server {
    /// The processes of the responder: of `serve`'s, or those that the web server started. There is none while it is started again.
    var responders: [OtherProcess] { OtherProcess.responders(below: program.processID) }
}

extension OtherProcess {
    /// Processes of the program that serve requests, below a process that starts them.
    static func responders(below processID: pid_t) -> [OtherProcess] {
        descendants(of: processID).filter { process in
            let arguments = process.arguments
            return process.isRunning && arguments.first?.hasSuffix("nanobot") == true
                && (arguments.count == 1 || arguments.contains("--supervisor"))
        }
    }
}
