#include "peerjsd/app/certificates.hpp"

#include <variant>

namespace peerjsd::app {

std::string Certificates::load() {
  watch_.begin();
  auto loaded = net::TlsContext::load(files_);
  if (auto* const problem = std::get_if<std::string>(&loaded)) return std::move(*problem);
  context_ = std::move(std::get<net::TlsContext>(loaded));
  watch_.accept();
  return {};
}

}  // namespace peerjsd::app
