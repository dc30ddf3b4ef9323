// What the protocols need of the database: sessions, passwords, figures. main() gives them an
// Environment; tests give them something smaller.
//
// Thread-safe. `open_session` and `password_verifier` may block.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/coordinator/environment.hpp"
#include "engine/coordinator/session.hpp"

namespace tailrace::server {

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::unique_ptr<engine::Session> open_session(engine::SessionOptions options) = 0;
  // As engine::password_verifier: empty if the role needs no password.
  virtual std::string password_verifier(std::string_view user) = 0;
  virtual std::size_t session_count() const = 0;
  virtual std::size_t session_count_max() const = 0;
  virtual std::vector<engine::Environment::Metric> metrics() const = 0;
};

}  // namespace tailrace::server
