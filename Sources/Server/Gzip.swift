import CZlib

/// gzip (RFC 1952), by zlib.
enum Gzip {
    enum Failure: Error {
        /// It is not gzip, or is cut short or changed.
        case damaged
        case tooLong
    }

    private static let chunkLength = 64 << 10

    /// Unpacks one or more members, up to `limit` bytes in all.
    static func unpacked(_ packed: [UInt8], limit: Int) throws(Failure) -> [UInt8] {
        // zlib keeps its address.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer {
            inflateEnd(stream)
            stream.deallocate()
        }
        // 15 is the largest window, and 16 more means gzip and nothing else (zlib.h, inflateInit2).
        guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK else { throw .damaged }
        var input = packed
        var failure: Failure?
        let unpacked = input.withUnsafeMutableBufferPointer { input in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = CUnsignedInt(clamping: input.count)
            do throws(Failure) {
                return try members(of: stream, limit: limit)
            } catch {
                failure = error
                return []
            }
        }
        if let failure { throw failure }
        return unpacked
    }

    private static func members(of stream: UnsafeMutablePointer<z_stream>, limit: Int) throws(Failure) -> [UInt8] {
        var unpacked: [UInt8] = []
        while true {
            var result = Z_OK
            // One byte beyond the limit tells that there are more.
            let room = min(chunkLength, limit + 1 - unpacked.count)
            unpacked += [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                stream.pointee.next_out = buffer.baseAddress
                stream.pointee.avail_out = CUnsignedInt(room)
                result = inflate(stream, Z_NO_FLUSH)
                count = room - Int(stream.pointee.avail_out)
            }
            guard unpacked.count <= limit else { throw .tooLong }
            switch result {
            case Z_OK: break
            case Z_STREAM_END:
                if stream.pointee.avail_in == 0 { return unpacked }
                guard inflateReset(stream) == Z_OK else { throw .damaged }
            // Z_BUF_ERROR: the input ended.
            default: throw .damaged
            }
        }
    }
}
