#include "peerjsd/auth/issued_ids.hpp"

#include "peerjsd/auth/hmac.hpp"

#include <array>
#include <cstddef>
#include <utility>

#include <openssl/crypto.h>

namespace peerjsd::auth {
namespace {

/// How the end of an id is written.
struct Form {
  std::size_t size;  // of the id
  std::size_t mac;   // characters of it
  std::string_view alphabet;
};

constexpr std::array kForms = {
    Form{36, 12, "0123456789abcdef"},                     // 48 bits of a UUID
    Form{16, 7, "abcdefghijklmnopqrstuvwxyz0123456789"},  // 36 bits of a token
};

const Form* form_of(std::string_view id) {
  for (const Form& form : kForms) {
    if (form.size == id.size()) return &form;
  }
  return nullptr;
}

std::string mac_of(std::string_view secret, std::string_view text, const Form& form) {
  const std::string mac = hmac_sha256(secret, text);
  const auto byte = [&](std::size_t i) -> std::size_t {
    return static_cast<unsigned char>(mac[i]);
  };
  // Two bytes a character, so that no character is much likelier than another.
  std::string end;
  for (std::size_t i = 0; i < form.mac; ++i) {
    end += form.alphabet[(byte(2 * i) * 256 + byte(2 * i + 1)) % form.alphabet.size()];
  }
  return end;
}

}  // namespace

std::string IssuedIds::seal(std::string id) const {
  const Form* const form = form_of(id);
  if (form == nullptr) return id;
  id.resize(form->size - form->mac);
  return id + mac_of(secret_, id, *form);
}

bool IssuedIds::is_sealed(std::string_view id) const {
  const Form* const form = form_of(id);
  if (form == nullptr) return false;
  const std::size_t begin = form->size - form->mac;
  const std::string mac = mac_of(secret_, id.substr(0, begin), *form);
  return ::CRYPTO_memcmp(mac.data(), id.data() + begin, mac.size()) == 0;
}

}  // namespace peerjsd::auth
