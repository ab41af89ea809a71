#pragma once

#include "peerjsd/net/tls.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace peerjsd::app {

/// The certificate that the server shows, and the files it comes from, which may be replaced at any
/// time: a renewed one holds for the connections that come after it.
class Certificates {
 public:
  explicit Certificates(net::TlsFiles files) : files_(std::move(files)) {}

  /// Reads the files. Empty, or what is wrong with them in one line; then what held before goes on.
  std::string load();

  /// Whether the files are others than those that were last read, and have been since the last
  /// call: so that of two that are replaced together both are.
  bool changed();

  /// To be called after load() has succeeded once.
  const net::TlsContext& context() const { return *context_; }

 private:
  using Stamp = std::pair<std::filesystem::file_time_type, std::filesystem::file_time_type>;

  /// When the files were last written; nullopt if one of them is not there.
  std::optional<Stamp> stamp() const;

  net::TlsFiles files_;
  std::optional<net::TlsContext> context_;
  std::optional<Stamp> loaded_;
  std::optional<Stamp> seen_;
};

}  // namespace peerjsd::app
