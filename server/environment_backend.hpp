// The database of this process, as the protocols see it.
#pragma once

#include "server/backend.hpp"

namespace tailrace::server {

class EnvironmentBackend final : public Backend {
 public:
  // Which must outlive it.
  explicit EnvironmentBackend(engine::Environment& environment) : environment_(environment) {}

  std::unique_ptr<engine::Session> open_session(engine::SessionOptions options) override {
    return engine::Session::open(environment_, std::move(options));
  }
  std::string password_verifier(std::string_view user) override {
    return engine::password_verifier(environment_, user);
  }
  std::size_t session_count() const override { return environment_.session_count(); }
  std::size_t session_count_max() const override { return environment_.session_count_max(); }
  std::vector<engine::Environment::Metric> metrics() const override {
    return environment_.metrics();
  }

 private:
  engine::Environment& environment_;
};

}  // namespace tailrace::server
