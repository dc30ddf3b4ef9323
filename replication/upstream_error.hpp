// What an upstream server, or something on the way to it, says.
#pragma once

#include <string>
#include <utility>

#include "repr/error.hpp"

namespace tailrace::replication {

// The password is never part of it.
class UpstreamError : public SqlError {
 public:
  // `severity` is the server's (ERROR, FATAL), empty where no server spoke.
  UpstreamError(SqlState state, std::string severity, std::string message)
      : SqlError(state, std::move(message)), severity_(std::move(severity)) {}

  // What failed, in a source's status: the database, unless said otherwise.
  UpstreamError& layer(std::string layer) {
    layer_ = std::move(layer);
    return *this;
  }
  const std::string& layer() const { return layer_; }
  // "ERROR replication slot "x" is active for PID 1".
  std::string status_text() const {
    return severity_.empty() ? message() : severity_ + " " + message();
  }

 private:
  std::string severity_;
  std::string layer_ = "postgres";
};

}  // namespace tailrace::replication
