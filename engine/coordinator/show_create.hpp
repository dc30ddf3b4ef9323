// SHOW CREATE: the statement that would make the object again, for people to read.
#pragma once

#include <string>
#include <utility>

#include "engine/coordinator/session_state.hpp"

namespace tailrace::engine {

// The full name, and the SQL with names as they are now and a semicolon.
std::pair<std::string, std::string> show_create(SessionState& session, const ast::ShowCreate& show);

}  // namespace tailrace::engine
