// swift-tools-version: 6.2
import PackageDescription

var settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]
// Warnings stop a build in CI only: a newer compiler must not stop a user's build.
if Context.environment["CI"] != nil {
    settings.append(.treatAllWarnings(as: .error))
}

// deploy/package links the program with an older glibc, whose libraries are in this directory (deploy/glibc/libraries).
var linkerSettings: [LinkerSetting] = []
if let glibc = Context.environment["OLD_GLIBC"] {
    // The host's libgcc_s.so needs the host's glibc.
    linkerSettings.append(.unsafeFlags(["-L", glibc, "-Xclang-linker", "-B\(glibc)", "-Xclang-linker", "-static-libgcc"]))
}

let package = Package(
    name: "nanobot",
    products: [
        .library(name: "LocalLocks", type: .dynamic, targets: ["LocalLocks"]),
        .library(name: "OldCurl", type: .dynamic, targets: ["OldCurl"]),
        .library(name: "OldKernel", type: .dynamic, targets: ["OldKernel"]),
        .library(name: "WrongClock", type: .dynamic, targets: ["WrongClock"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    ],
    targets: [
        .systemLibrary(name: "CFCGI"),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CSodium"),
        .systemLibrary(name: "CZlib"),
        .target(name: "CCrash"),
        // It stands in for what old kernels lack, and nothing is called in it by name.
        .target(name: "CKernel", publicHeadersPath: "."),
        // It loads libcurl, and is not linked with it.
        .target(name: "CCurl"),
        // It holds ChatAPI's openapi.json.
        .target(name: "COpenAPI"),
        .target(name: "Text", swiftSettings: settings),
        .target(name: "JSON", dependencies: ["Text"], swiftSettings: settings),
        .target(
            name: "Concurrency",
            dependencies: [
                "CCrash", "CKernel", .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .target(
            name: "Crypto", dependencies: ["CSodium"], swiftSettings: settings, linkerSettings: [.linkedLibrary(":libsodium.a")]),
        .target(name: "HTTPClient", dependencies: ["CCurl", "CLinux", "Concurrency", "Text"], swiftSettings: settings),
        .target(name: "Configuration", dependencies: ["Access", "HTTPClient", "JSON", "Text"], swiftSettings: settings),
        .target(name: "CGI", dependencies: ["Text"], swiftSettings: settings),
        .target(
            name: "FastCGI",
            dependencies: [
                "CFCGI", "CLinux", "Concurrency", "Text",
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings,
            // The static library: a web host has no libfcgi.so, and one file is what gets copied there.
            linkerSettings: [.linkedLibrary(":libfcgi.a")]),
        .target(
            name: "Files", dependencies: ["CLinux", "Concurrency", .product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: settings),
        .target(
            name: "Prometheus",
            dependencies: [
                "Concurrency", "Files", "Text", .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"), .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .target(
            name: "Access",
            dependencies: [
                "Concurrency", "Crypto", "Files", "JSON", "Text", .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .target(name: "Chat", dependencies: ["JSON", "Text"], swiftSettings: settings),
        .target(
            name: "Sessions",
            dependencies: [
                "Chat", "Concurrency", "Crypto", "Files", "JSON", "Text",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            exclude: ["FORMAT.md"], swiftSettings: settings),
        .target(
            name: "Models",
            dependencies: [
                "Chat", "Concurrency", "Crypto", "HTTPClient", "JSON", "Text", .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .target(name: "BuiltinModel", dependencies: ["Chat", "Models", "Text"], swiftSettings: settings),
        .target(
            name: "Server",
            dependencies: [
                "Access", "CGI", "CZlib", "Concurrency", "Crypto", "FastCGI", "JSON", "Text",
                .product(name: "CoreMetrics", package: "swift-metrics"), .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings, linkerSettings: [.linkedLibrary(":libz.a")]),
        .target(
            name: "ChatAPI",
            dependencies: [
                "Access", "CGI", "COpenAPI", "Chat", "Concurrency", "Crypto", "JSON", "Models", "Prometheus", "Server", "Sessions", "Text",
                .product(name: "CoreMetrics", package: "swift-metrics"), .product(name: "Logging", package: "swift-log"),
            ],
            exclude: ["README.md", "openapi.json"],
            swiftSettings: settings),
        .target(
            name: "Doctor",
            dependencies: [
                "Access", "Chat", "Concurrency", "Configuration", "Crypto", "Files", "HTTPClient", "JSON", "Models", "Server", "Sessions",
                "Text",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "nanobot",
            dependencies: [
                "Access", "BuiltinModel", "CGI", "CLinux", "Chat", "ChatAPI", "Concurrency", "Configuration", "Crypto", "Doctor", "FastCGI",
                "Files", "HTTPClient", "JSON", "Models", "Prometheus", "Server", "Sessions", "Text",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings, linkerSettings: linkerSettings),
        // Benchmarks: `deploy/bench`. The C programs are what nanobot is measured against.
        .executableTarget(name: "fcgi-reference", dependencies: ["CFCGI"], linkerSettings: [.linkedLibrary(":libfcgi.a")]),
        .executableTarget(name: "cgi-reference"),
        .executableTarget(
            name: "nanobot-bench",
            dependencies: [
                "CLinux", "Harness",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            exclude: ["README.md"],
            swiftSettings: settings),
        // Processes, ports, directories and a FastCGI client, for the tests and the benchmark.
        .target(name: "Harness", dependencies: ["CLinux", "Concurrency"], swiftSettings: settings),
        // What several test targets need.
        .target(
            name: "TestSupport",
            dependencies: [
                "Chat", "Concurrency", "Files", "Models", .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/TestSupport", swiftSettings: settings),
        // Preloaded by processes whose clock is to be wrong.
        .target(name: "WrongClock", path: "Tests/WrongClock", publicHeadersPath: "."),
        // Preloaded by processes whose locks are to keep out nobody on other hosts.
        .target(name: "LocalLocks", path: "Tests/LocalLocks", publicHeadersPath: "."),
        // Preloaded by processes that are to have an old kernel.
        .target(name: "OldKernel", path: "Tests/OldKernel", publicHeadersPath: "."),
        // Found in the place of libcurl by processes that are to have an old one.
        .target(name: "OldCurl", path: "Tests/OldCurl", publicHeadersPath: "."),
        .testTarget(name: "HarnessTests", dependencies: ["Harness"], swiftSettings: settings),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "ConfigurationTests", dependencies: ["Configuration", "HTTPClient", "JSON", "TestSupport"],
            swiftSettings: settings),
        .testTarget(name: "CryptoTests", dependencies: ["Crypto", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "PrometheusTests",
            dependencies: [
                "Concurrency", "Files", "Harness", "Prometheus", "TestSupport", .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "AccessTests",
            dependencies: [
                "Access", "Concurrency", "Crypto", "Files", "Harness", "JSON", "TestSupport", "Text",
                .product(name: "Logging", package: "swift-log"), .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .testTarget(name: "ConcurrencyTests", dependencies: ["Concurrency", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "FastCGITests",
            dependencies: ["Concurrency", "FastCGI", "Harness", "TestSupport", .product(name: "Logging", package: "swift-log")],
            swiftSettings: settings),
        .testTarget(name: "ChatTests", dependencies: ["Chat", "JSON", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "CGITests", dependencies: ["CGI", "Concurrency", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Access", "CGI", "ChatAPI", "Concurrency", "Crypto", "FastCGI", "Harness", "JSON", "Server", "TestSupport",
                "Text",
                .product(name: "Logging", package: "swift-log"), .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SessionsTests",
            dependencies: [
                "Chat", "Concurrency", "Files", "Harness", "JSON", "Sessions", "TestSupport",
                .product(name: "Logging", package: "swift-log"), .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ModelsTests",
            dependencies: [
                "Chat", "Concurrency", "HTTPClient", "JSON", "Models", "TestSupport", "Text",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .testTarget(name: "BuiltinModelTests", dependencies: ["BuiltinModel", "Chat", "Models", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "ChatAPITests",
            dependencies: [
                "Access", "BuiltinModel", "CGI", "Chat", "ChatAPI", "Concurrency", "Crypto", "Files", "Harness", "JSON", "Models", "Server",
                "Sessions", "TestSupport", "Text",
                .product(name: "Logging", package: "swift-log"), .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "DoctorTests",
            dependencies: [
                "Access", "Concurrency", "Configuration", "Crypto", "Doctor", "Files", "HTTPClient", "Models", "Sessions",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        // The real binary behind the real web servers.
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "BuiltinModel", "CGI", "Chat", "ChatAPI", "Concurrency", "FastCGI", "Harness", "JSON", "Models", "Server", "Sessions",
                "TestSupport", "Text", "nanobot",
                .product(name: "Logging", package: "swift-log"), .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
    ])
