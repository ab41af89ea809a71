#include "peerjsd/hooks/auth_cache.hpp"

#include <openssl/sha.h>

namespace peerjsd::hooks {

Digest digest_of(std::string_view question) {
  Digest digest{};
  ::SHA256(reinterpret_cast<const unsigned char*>(question.data()), question.size(), digest.data());
  return digest;
}

void AuthCache::put(const Digest& question, const Settled& settled, core::Instant until) {
  const auto [place, is_new] = entries_.try_emplace(question);
  Entry& entry = place->second;
  if (!is_new) order_.erase(entry.place);
  entry = {settled, until, order_.insert(order_.end(), question)};
  if (entries_.size() <= most_) return;
  entries_.erase(order_.front());
  order_.pop_front();
}

void AuthCache::clear() {
  entries_.clear();
  order_.clear();
}

const Settled* AuthCache::find(const Digest& question, core::Instant now) const {
  const auto found = entries_.find(question);
  if (found == entries_.end()) return nullptr;
  const Entry& entry = found->second;
  return now < entry.until && now < entry.settled.expiry ? &entry.settled : nullptr;
}

}  // namespace peerjsd::hooks
