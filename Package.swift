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

let package = Package(
    name: "nanobot",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        .systemLibrary(name: "CFCGI"),
        .systemLibrary(name: "CLinux"),
        .target(
            name: "FastCGI",
            dependencies: [
                "CFCGI", "CLinux", "Locking",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings,
            // The static library: a web host has no libfcgi.so, and one file is what gets copied there.
            linkerSettings: [.linkedLibrary(":libfcgi.a")]),
        .systemLibrary(name: "CSodium"),
        .target(
            name: "Digest", dependencies: ["CSodium"], swiftSettings: settings, linkerSettings: [.linkedLibrary(":libsodium.a")]),
        .target(name: "Chat", swiftSettings: settings),
        .target(name: "Gateway", swiftSettings: settings),
        .target(name: "CCrash"),
        .target(
            name: "Locking", dependencies: ["CCrash", .product(name: "SystemPackage", package: "swift-system")], swiftSettings: settings),
        .target(
            name: "Sessions",
            dependencies: [
                "Chat", "Digest", "Locking",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        // It loads libcurl, and is not linked with it.
        .target(name: "CCurl"),
        .target(name: "Models", dependencies: ["CCurl", "Chat", "CLinux", "Locking"], swiftSettings: settings),
        .target(
            name: "ChatAPI",
            dependencies: ["Chat", "Digest", "Gateway", "Locking", "Models", "Sessions", .product(name: "Logging", package: "swift-log")],
            swiftSettings: settings),
        .executableTarget(
            name: "nanobot",
            dependencies: [
                "Chat", "ChatAPI", "CLinux", "Digest", "FastCGI", "Gateway", "Locking", "Models", "Sessions",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        // Benchmarks: `deploy/bench`. The C programs are what nanobot is measured against.
        .executableTarget(name: "fcgi-reference", dependencies: ["CFCGI"], linkerSettings: [.linkedLibrary(":libfcgi.a")]),
        .executableTarget(name: "cgi-reference"),
        .executableTarget(
            name: "nanobot-bench",
            dependencies: [
                "CLinux",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: settings),
        // What several test targets need.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
        .testTarget(name: "LockingTests", dependencies: ["Locking"], swiftSettings: settings),
        .testTarget(
            name: "FastCGITests",
            dependencies: ["FastCGI", "Locking", .product(name: "Logging", package: "swift-log")],
            swiftSettings: settings),
        .testTarget(name: "ChatTests", dependencies: ["Chat", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "GatewayTests", dependencies: ["Gateway"], swiftSettings: settings),
        .testTarget(
            name: "SessionsTests",
            dependencies: ["Chat", "Locking", "Sessions", "TestSupport", .product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: settings),
        .testTarget(name: "ModelsTests", dependencies: ["Chat", "Locking", "Models", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "ChatAPITests",
            dependencies: [
                "Chat", "ChatAPI", "Gateway", "Models", "Sessions", "TestSupport", .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        // The real binary behind the real web servers.
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Chat", "ChatAPI", "FastCGI", "Locking", "Models", "Sessions", "TestSupport", "nanobot",
                .product(name: "Logging", package: "swift-log"), .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
    ])
