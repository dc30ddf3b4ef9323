// Tokens that orchestrators write into files, and renew there.
#pragma once

#include <string>

namespace tailrace::replication::aws {

// Without what surrounds it. Throws SqlError 28000 that names the file if it cannot be read or holds nothing.
std::string read_token_file(const std::string& path);

}  // namespace tailrace::replication::aws
