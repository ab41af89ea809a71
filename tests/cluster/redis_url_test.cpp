#include "peerjsd/cluster/redis_url.hpp"

#include <string>

#include <gtest/gtest.h>

namespace peerjsd::cluster {
namespace {

TEST(RedisUrl, NamesHostPortAndDatabase) {
  EXPECT_EQ(parse_redis_url("redis://10.0.0.1"), (RedisUrl{{{"10.0.0.1", 6379}}, "", "", 0}));
  EXPECT_EQ(parse_redis_url("redis://redis.local:7000/"),
            (RedisUrl{{{"redis.local", 7000}}, "", "", 0}));
  EXPECT_EQ(parse_redis_url("redis://[::1]:7000/3"), (RedisUrl{{{"::1", 7000}}, "", "", 3}));
  EXPECT_EQ(parse_redis_url("redis://[::1]"), (RedisUrl{{{"::1", 6379}}, "", "", 0}));
}

TEST(RedisUrl, NamesSeveralHosts) {
  EXPECT_EQ(parse_redis_url("redis://:pw@a:1,b,[::1]:2/1"),
            (RedisUrl{{{"a", 1}, {"b", 6379}, {"::1", 2}}, "", "pw", 1}));
}

TEST(RedisUrl, TellsUserAndPassword) {
  EXPECT_EQ(parse_redis_url("redis://:secret@a"), (RedisUrl{{{"a", 6379}}, "", "secret", 0}));
  EXPECT_EQ(parse_redis_url("redis://secret@a"), (RedisUrl{{{"a", 6379}}, "", "secret", 0}));
  EXPECT_EQ(parse_redis_url("redis://u%20s:p%40%3a%2f@a"),
            (RedisUrl{{{"a", 6379}}, "u s", "p@:/", 0}));
}

TEST(RedisUrl, TellsWhetherThereIsTls) {
  EXPECT_EQ(parse_redis_url("rediss://:pw@a,b:1/2"),
            (RedisUrl{{{"a", 6379}, {"b", 1}}, "", "pw", 2, true}));
  EXPECT_FALSE(parse_redis_url("redis://a")->has_tls);
}

TEST(RedisUrl, NamesASocket) {
  EXPECT_EQ(parse_redis_url("unix:///run/redis.sock"),
            (RedisUrl{{{"/run/redis.sock", 0}}, "", "", 0}));
  EXPECT_EQ(parse_redis_url("unix://u:p@/run/a%20b?db=2"),
            (RedisUrl{{{"/run/a b", 0}}, "u", "p", 2}));
}

TEST(RedisUrl, RefusesEverythingElse) {
  for (const std::string text : {"",
                                 "redis",
                                 "redis://",
                                 "rediss://",
                                 "rediss:///run/redis.sock",
                                 "http://a",
                                 "redis://a:0",
                                 "redis://a:65536",
                                 "redis://a:x",
                                 "redis://a/x",
                                 "redis://a/-1",
                                 "redis://a,",
                                 "redis://,a",
                                 "redis://[::1",
                                 "redis://[::1]x",
                                 "redis://a b",
                                 "redis://u:@a",
                                 "redis://:%zz@a",
                                 "unix://",
                                 "unix://run/a",
                                 "unix:///a?x=1",
                                 "unix:///a?db=x",
                                 "redis://a/1?x"}) {
    EXPECT_FALSE(parse_redis_url(text)) << text;
  }
  EXPECT_FALSE(parse_redis_url("unix:///" + std::string(108, 'x')));
}

}  // namespace
}  // namespace peerjsd::cluster
