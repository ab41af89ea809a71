#include "peerjsd/app/certificates.hpp"

#include <system_error>
#include <variant>

namespace peerjsd::app {

std::string Certificates::load() {
  loaded_ = seen_ = stamp();
  auto loaded = net::TlsContext::load(files_);
  if (auto* const problem = std::get_if<std::string>(&loaded)) return std::move(*problem);
  context_ = std::move(std::get<net::TlsContext>(loaded));
  return {};
}

bool Certificates::changed() {
  const std::optional<Stamp> last = std::exchange(seen_, stamp());
  return seen_ && seen_ == last && seen_ != loaded_;
}

std::optional<Certificates::Stamp> Certificates::stamp() const {
  std::error_code error;
  const auto certificate = std::filesystem::last_write_time(files_.certificate, error);
  if (error) return std::nullopt;
  const auto key = std::filesystem::last_write_time(files_.key, error);
  if (error) return std::nullopt;
  return Stamp{certificate, key};
}

}  // namespace peerjsd::app
