#include "peerjsd/cluster/scripts.hpp"

#include "peerjsd/core/keyed_hash.hpp"

namespace peerjsd::cluster {
namespace {

// Before Redis 7 a replica runs a script itself, unless that says otherwise: but there a PUBLISH
// reaches nobody, and HSCAN may find something else.

constexpr std::string_view kClaim = R"(
redis.replicate_commands()
local prefix, key, node = ARGV[1], ARGV[2], ARGV[3]
local function part(text) return #text .. ':' .. text end
local function tell(whom, what, id, more)
  return redis.call('PUBLISH', 'peerjsd1:' .. whom, part(what) .. part(key) .. part(id) .. more)
end
local function lives(whom) return redis.call('EXISTS', prefix .. 'node:' .. whom) == 1 end
local answer = {}
for i = 4, #ARGV, 4 do
  local id, token, heard, is_new = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3] == '1'
  local place = #key .. ':' .. key .. ':' .. id
  local verdict, before, was_told = 1, '', 0
  local owner = redis.call('HGET', KEYS[1], id)
  if owner then
    local its_node, its_token, its_heard = owner:sub(1, 16), owner:sub(18, 49), owner:sub(51)
    if its_node ~= node then
      if its_token ~= token then
        if lives(its_node) then
          verdict = 0
          if is_new then tell(its_node, 'challenged', id, '') end
        end
      elseif not is_new and tonumber(its_heard) > tonumber(heard) and lives(its_node) then
        verdict = -1
        before = its_node
      else
        before = its_node
        was_told = tell(its_node, 'moved', id, part(token))
      end
    end
  end
  local wills = {}
  if verdict == 1 then
    redis.call('HSET', KEYS[1], id, node .. ' ' .. token .. ' ' .. heard)
    local waiting = prefix .. 'waiting:' .. place
    for _, whom in ipairs(redis.call('SMEMBERS', waiting)) do
      if whom ~= node then tell(whom, 'arrived', id, '') end
    end
    redis.call('DEL', waiting)
    for _, left in ipairs(redis.call('LRANGE', prefix .. 'wills:' .. place, 0, -1)) do
      if left:sub(1, 32) == token then wills[#wills + 1] = left:sub(33) end
    end
    redis.call('DEL', prefix .. 'wills:' .. place)
  end
  answer[#answer + 1] = verdict
  answer[#answer + 1] = before
  answer[#answer + 1] = was_told
  answer[#answer + 1] = wills
end
return answer
)";

constexpr std::string_view kRelease = R"(
redis.replicate_commands()
local prefix, key, node, id, token, more = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local owner = redis.call('HGET', KEYS[1], id)
if owner and owner:sub(1, 16) == node and (token == '' or token == owner:sub(18, 49)) then
  redis.call('HDEL', KEYS[1], id)
  owner = false
end
if more == '' then return end
if owner then
  if owner:sub(18, 49) ~= token then return 0 end
  if redis.call('PUBLISH', 'peerjsd1:' .. owner:sub(1, 16), more) > 0 then return 1 end
end
local place = #key .. ':' .. key .. ':' .. id
redis.call('RPUSH', prefix .. 'wills:' .. place, token .. ARGV[7])
redis.call('PEXPIRE', prefix .. 'wills:' .. place, ARGV[8])
return 0
)";

constexpr std::string_view kRoute = R"(
redis.replicate_commands()
local prefix, key, node, id, before = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[7]
local owner = redis.call('HGET', KEYS[1], id)
if owner then
  local its_node = owner:sub(1, 16)
  if before ~= '' and before ~= its_node then return 'moved' end
  local lives = its_node ~= node and redis.call('EXISTS', prefix .. 'node:' .. its_node) == 1
  if lives and redis.call('PUBLISH', 'peerjsd1:' .. its_node, ARGV[5]) > 0 then
    return its_node
  end
end
if ARGV[6] ~= '0' then
  local waiting = prefix .. 'waiting:' .. #key .. ':' .. key .. ':' .. id
  redis.call('SADD', waiting, node)
  redis.call('PEXPIRE', waiting, ARGV[6])
end
return 0
)";

constexpr std::string_view kRenew = R"(
local known = redis.call('EXISTS', KEYS[1])
redis.call('SET', KEYS[1], '', 'PX', ARGV[1])
return known
)";

constexpr std::string_view kSweep = R"(
redis.replicate_commands()
local found = redis.call('HSCAN', KEYS[1], ARGV[2], 'COUNT', 100)
local lives, own = {}, {}
for i = 1, #found[2], 2 do
  local id, node = found[2][i], found[2][i + 1]:sub(1, 16)
  if node == ARGV[3] then own[#own + 1] = id end
  if lives[node] == nil then lives[node] = redis.call('EXISTS', ARGV[1] .. 'node:' .. node) == 1 end
  if not lives[node] then redis.call('HDEL', KEYS[1], id) end
end
return {found[1], own}
)";

constexpr std::string_view kFind = R"(
local owner = redis.call('HGET', KEYS[1], ARGV[2])
local node = owner and owner:sub(1, 16)
if node and redis.call('EXISTS', ARGV[1] .. 'node:' .. node) == 1 then return node end
return ''
)";

constexpr std::string_view kList = R"(
local found = redis.call('HGETALL', KEYS[1])
local lives, answer = {}, {}
for i = 1, #found, 2 do
  local node = found[i + 1]:sub(1, 16)
  if lives[node] == nil then lives[node] = redis.call('EXISTS', ARGV[1] .. 'node:' .. node) == 1 end
  if lives[node] then
    answer[#answer + 1] = found[i]
    answer[#answer + 1] = node
  end
end
return answer
)";

}  // namespace

std::size_t bucket_of(std::string_view id) {
  return core::keyed_hash({}, id) % kBuckets;
}

std::string bucket_prefix(std::size_t bucket) {
  return "peerjsd1:{" + std::to_string(bucket) + "}:";
}

std::string ids_key(std::size_t bucket, std::string_view key) {
  return bucket_prefix(bucket) + "ids:" + std::string(key);
}

std::string node_key(std::size_t bucket, std::string_view node) {
  return bucket_prefix(bucket) + "node:" + std::string(node);
}

std::string channel_of(std::string_view node) {
  return "peerjsd1:" + std::string(node);
}

std::string_view text_of(Script script) {
  switch (script) {
    case Script::Claim:
      return kClaim;
    case Script::Release:
      return kRelease;
    case Script::Route:
      return kRoute;
    case Script::Renew:
      return kRenew;
    case Script::Sweep:
      return kSweep;
    case Script::Find:
      return kFind;
    case Script::List:
      return kList;
  }
  return {};
}

}  // namespace peerjsd::cluster
