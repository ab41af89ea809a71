#include "peerjsd/app/open_files.hpp"

#include <sys/resource.h>

#include <gtest/gtest.h>

namespace peerjsd::app {
namespace {

TEST(OpenFiles, AreRaisedToWhatTheSystemAllows) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 100;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(raise_open_files(), before.rlim_max);
  rlimit now{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
  EXPECT_EQ(now.rlim_cur, before.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST(OpenFiles, LeaveSomeForTheServerItself) {
  EXPECT_EQ(connections_within(1024), 960U);
  EXPECT_EQ(connections_within(0), 1U);
}

TEST(OpenFiles, HaveToSufficeForTheLimits) {
  Config config;
  config.concurrent_limit = 960;
  EXPECT_EQ(shortage_of_open_files(config, 1024), "");
  config.concurrent_limit = 961;
  EXPECT_EQ(shortage_of_open_files(config, 1024),
            "--concurrent_limit 961 is more than the 1024 open files allow, which is 960 "
            "connections: raise LimitNOFILE= (systemd), --ulimit nofile= (Docker) or ulimit -n");
  config.connection_limit = 2000;
  EXPECT_TRUE(shortage_of_open_files(config, 1024).starts_with("--connection_limit 2000 is more"));
}

}  // namespace
}  // namespace peerjsd::app
