// Runs a request of POST /api/sql in a session and writes the results as JSON.
#pragma once

#include <string>

#include "engine/coordinator/session.hpp"
#include "server/http/sql_request.hpp"
#include "server/statement_timer.hpp"

namespace tailrace::server {

// Of one response. A larger result ends the request with an error.
inline constexpr std::size_t response_bytes_max = std::size_t{256} << 20;

// {"results": [...]}: one entry a statement; the first error is the last entry. Blocks. An open
// transaction is left to the end of the session.
// `timer` is checked by another thread.
std::string run_sql_request(engine::Session& session, const SqlRequest& request,
                            StatementTimer& timer);

}  // namespace tailrace::server
