#include "replication/aws/token_file.hpp"

#include <fmt/format.h>

#include <fstream>

#include "repr/error.hpp"

namespace tailrace::replication::aws {

namespace {

// Longer than any token.
constexpr std::size_t token_bytes_max = 64 * 1024;
constexpr const char* space = " \t\r\n";

}  // namespace

std::string read_token_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(token_bytes_max, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  const std::size_t begin = text.find_first_not_of(space);
  if (begin == std::string::npos) {
    throw SqlError(sqlstate::invalid_authorization,
                   fmt::format("there is no token to read in \"{}\"", path));
  }
  return text.substr(begin, text.find_last_not_of(space) - begin + 1);
}

}  // namespace tailrace::replication::aws
