// A session within the process, for scripts: SQL in, rows as text out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/coordinator/environment.hpp"
#include "engine/coordinator/session.hpp"

namespace tailrace::slt {

struct Result {
  std::vector<std::vector<std::string>> rows;  // NULL as "NULL", the empty string as "(empty)"
  std::string tag;
};

class Connection {
 public:
  Connection(engine::Environment& environment, std::string database);
  // Runs all statements of the text as one simple query; the rows of the last one. Throws SqlError.
  Result run(const std::string& sql);

 private:
  Result run_one(std::shared_ptr<const grammar::ParsedStatement> statement);

  std::unique_ptr<engine::Session> session_;
};

}  // namespace tailrace::slt
