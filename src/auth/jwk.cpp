#include "jwk.hpp"

#include "peerjsd/auth/base64.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

namespace peerjsd::auth {
namespace {

using Json = nlohmann::json;

/// A member that is a text; empty: there is none.
std::string text_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string bytes_of(const Json& json, const char* name) {
  return decode_base64url(text_of(json, name)).value_or("");
}

const unsigned char* pointer(const std::string& bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

Key::Handle make_key(const char* type, OSSL_PARAM_BLD* builder) {
  const std::unique_ptr<OSSL_PARAM, decltype(&::OSSL_PARAM_free)> parameters(
      ::OSSL_PARAM_BLD_to_param(builder), &::OSSL_PARAM_free);
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&::EVP_PKEY_CTX_free)> context(
      ::EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), &::EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  if (::EVP_PKEY_fromdata_init(context.get()) != 1) return nullptr;
  ::EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get());
  return Key::Handle(key);
}

using Builder = std::unique_ptr<OSSL_PARAM_BLD, decltype(&::OSSL_PARAM_BLD_free)>;
using Number = std::unique_ptr<BIGNUM, decltype(&::BN_free)>;

Number number_of(const std::string& bytes) {
  return {::BN_bin2bn(pointer(bytes), static_cast<int>(bytes.size()), nullptr), &::BN_free};
}

Key::Handle rsa_key(const Json& json) {
  const std::string modulus = bytes_of(json, "n");
  const std::string exponent = bytes_of(json, "e");
  if (modulus.empty() || exponent.empty()) return nullptr;
  const Number n = number_of(modulus);
  const Number e = number_of(exponent);
  const Builder builder(::OSSL_PARAM_BLD_new(), &::OSSL_PARAM_BLD_free);
  ::OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  ::OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return make_key("RSA", builder.get());
}

Key::Handle ec_key(const Json& json) {
  if (text_of(json, "crv") != "P-256") return nullptr;
  const std::string x = bytes_of(json, "x");
  const std::string y = bytes_of(json, "y");
  constexpr std::size_t size = 32;
  if (x.size() != size || y.size() != size) return nullptr;
  constexpr std::string_view uncompressed = "\x04";
  const std::string point = std::string(uncompressed) + x + y;
  const Builder builder(::OSSL_PARAM_BLD_new(), &::OSSL_PARAM_BLD_free);
  ::OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, SN_X9_62_prime256v1,
                                    0);
  ::OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                     point.size());
  return make_key("EC", builder.get());
}

Key::Handle okp_key(const Json& json) {
  if (text_of(json, "crv") != "Ed25519") return nullptr;
  const std::string bytes = bytes_of(json, "x");
  return Key::Handle(
      ::EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, pointer(bytes), bytes.size()));
}

Key::Handle key_of(const Json& json) {
  const std::string type = text_of(json, "kty");
  if (type == "RSA") return rsa_key(json);
  if (type == "EC") return ec_key(json);
  if (type == "OKP") return okp_key(json);
  return nullptr;
}

bool holds(const Json& list, const char* word) {
  return list.is_array() && std::ranges::find(list, word) != list.end();
}

/// What may be missing has to be a text if it is there.
bool has_text_or_nothing(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found == json.end() || found->is_string();
}

bool is_for_signatures(const Json& json) {
  for (const char* const name : {"use", "kid", "alg"}) {
    if (!has_text_or_nothing(json, name)) return false;
  }
  const auto operations = json.find("key_ops");
  if (operations != json.end() && !holds(*operations, "verify")) return false;
  const std::string use = text_of(json, "use");
  return use.empty() || use == "sig";
}

}  // namespace

std::optional<std::vector<Jwk>> parse_jwks(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto list = json.find("keys");
  if (list == json.end() || !list->is_array()) return std::nullopt;
  std::vector<Jwk> keys;
  for (const Json& each : *list) {
    if (!each.is_object() || !is_for_signatures(each)) continue;
    Key::Handle handle = key_of(each);
    if (handle == nullptr) continue;
    keys.push_back({std::move(handle), text_of(each, "kid"), text_of(each, "alg")});
  }
  return keys;
}

}  // namespace peerjsd::auth
