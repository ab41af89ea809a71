#include "peerjsd/app/service_manager.hpp"

#include "support/notification_socket.hpp"
#include "support/tls_files.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace peerjsd::app {
namespace {

using namespace std::chrono_literals;

class ServiceManagerTest : public testing::Test {
 protected:
  ServiceManager manager() const {
    return ServiceManager([this](const char* name) {
      const auto found = variables_.find(name);
      return found == variables_.end() ? nullptr : found->second.c_str();
    });
  }

  const std::string self_ = std::to_string(::getpid());
  const std::string other_ = std::to_string(::getppid());
  test::TemporaryDirectory directory_;
  std::map<std::string, std::string> variables_;
};

TEST_F(ServiceManagerTest, WithoutOneThereIsNothingToDo) {
  ServiceManager none = manager();
  none.ready();
  none.report("fine");
  none.stopping();
  EXPECT_FALSE(none.listener());
  EXPECT_EQ(none.listeners(), 0);
  EXPECT_EQ(none.report_interval(), 1s);
}

TEST_F(ServiceManagerTest, IsToldWhatTheServerDoes) {
  for (const std::string& name : {directory_.path("notify"), "@peerjsd-test-" + self_}) {
    const test::NotificationSocket ear(name);
    variables_ = {{"NOTIFY_SOCKET", name}};
    ServiceManager told = manager();
    told.ready();
    EXPECT_EQ(ear.hear(), "READY=1");
    told.reloading();
    const std::string reloading = ear.hear();
    EXPECT_TRUE(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC=")) << reloading;
    EXPECT_NE(reloading.back(), '=');
    told.stopping();
    EXPECT_EQ(ear.hear(), "STOPPING=1");
    EXPECT_EQ(ear.hear(), "");
  }
}

TEST_F(ServiceManagerTest, IsToldAStatusWhenItIsAnother) {
  const test::NotificationSocket ear(directory_.path("notify"));
  variables_ = {{"NOTIFY_SOCKET", directory_.path("notify")}};
  ServiceManager told = manager();
  told.report("1 peer");
  told.report("1 peer");
  told.report("2 peers");
  EXPECT_EQ(ear.hear(), "STATUS=1 peer");
  EXPECT_EQ(ear.hear(), "STATUS=2 peers");
  EXPECT_EQ(ear.hear(), "");
}

TEST_F(ServiceManagerTest, AWatchdogIsFedAtEveryReport) {
  const test::NotificationSocket ear(directory_.path("notify"));
  for (const std::string& process : {std::string(), self_}) {
    variables_ = {{"NOTIFY_SOCKET", directory_.path("notify")},
                  {"WATCHDOG_USEC", "500000"},
                  {"WATCHDOG_PID", process}};
    ServiceManager watching = manager();
    EXPECT_EQ(watching.report_interval(), 250ms);
    watching.report("fine");
    watching.report("fine");
    EXPECT_EQ(ear.hear(), "WATCHDOG=1");
    EXPECT_EQ(ear.hear(), "STATUS=fine");
    EXPECT_EQ(ear.hear(), "WATCHDOG=1");
    EXPECT_EQ(ear.hear(), "");
  }
}

TEST_F(ServiceManagerTest, AStatusComesEverySecondHoweverPatientTheWatchdogIs) {
  variables_ = {{"WATCHDOG_USEC", "30000000"}};
  EXPECT_EQ(manager().report_interval(), 1s);
}

TEST_F(ServiceManagerTest, WhatIsForAnotherProcessIsNotTaken) {
  const test::NotificationSocket ear(directory_.path("notify"));
  variables_ = {{"NOTIFY_SOCKET", directory_.path("notify")},
                {"WATCHDOG_USEC", "500000"},
                {"WATCHDOG_PID", other_},
                {"LISTEN_PID", other_},
                {"LISTEN_FDS", "1"}};
  ServiceManager other = manager();
  EXPECT_EQ(other.report_interval(), 1s);
  other.report("");
  EXPECT_EQ(ear.hear(), "");
  EXPECT_FALSE(other.listener());
}

TEST_F(ServiceManagerTest, HandsOverAListener) {
  variables_ = {{"LISTEN_PID", self_}, {"LISTEN_FDS", "1"}};
  EXPECT_EQ(manager().listener(), 3);
  variables_["LISTEN_FDS"] = "2";
  EXPECT_EQ(manager().listener(), 3);
  EXPECT_EQ(manager().listeners(), 2);
  for (const char* none : {"", "0", "-1", "1x", "99999999999999999999"}) {
    variables_["LISTEN_FDS"] = none;
    EXPECT_FALSE(manager().listener()) << none;
  }
}

TEST_F(ServiceManagerTest, ASocketThatIsNoPathIsNotUsed) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory_.path(""));
  const test::NotificationSocket relative("vsock:2:1");
  variables_ = {{"NOTIFY_SOCKET", "vsock:2:1"}};
  manager().ready();
  EXPECT_EQ(relative.hear(), "");
  std::filesystem::current_path(before);
}

}  // namespace
}  // namespace peerjsd::app
