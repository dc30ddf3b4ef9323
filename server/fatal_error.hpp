// An error after which the connection cannot go on: reported as FATAL, then the socket is closed.
#pragma once

#include "repr/error.hpp"

namespace tailrace::server {

class FatalError : public SqlError {
 public:
  using SqlError::SqlError;
  explicit FatalError(const SqlError& error) : SqlError(error) {}
};

}  // namespace tailrace::server
