// LSNs: byte positions in the upstream's write-ahead log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tailrace::replication {

using Lsn = std::uint64_t;

Lsn parse_lsn(std::string_view text);  // "16/B374D848"; throws 08P01
std::string format_lsn(Lsn lsn);

}  // namespace tailrace::replication
