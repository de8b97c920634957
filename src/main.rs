//! The `sonic-bridge` program: arguments in, exit code out. Everything else lives in the library.

fn main() -> std::process::ExitCode {
    sonic_bridge::cli::main()
}
