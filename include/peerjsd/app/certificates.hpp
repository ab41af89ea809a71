#pragma once

#include "peerjsd/app/file_watch.hpp"
#include "peerjsd/net/tls.hpp"

#include <optional>
#include <string>
#include <utility>

namespace peerjsd::app {

/// The certificate that the server shows, and the files it comes from, which may be replaced at any
/// time: a renewed one holds for the connections that come after it.
class Certificates {
 public:
  explicit Certificates(net::TlsFiles files)
      : files_(std::move(files)), watch_({files_.certificate, files_.key}) {}

  /// Reads the files. Empty, or what is wrong with them in one line; then what held before goes on.
  std::string load();

  /// See FileWatch.
  bool is_due() { return watch_.is_due(); }

  /// To be called after load() has succeeded once.
  const net::TlsContext& context() const { return *context_; }

 private:
  net::TlsFiles files_;
  FileWatch watch_;
  std::optional<net::TlsContext> context_;
};

}  // namespace peerjsd::app
