// What a PostgreSQL source keeps in Source::details: its publication, and what that offered when upstream was last
// asked (mz_internal.mz_source_references).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::catalog {

struct SourceReference {
  std::string schema;
  std::string name;
  std::vector<std::string> columns;
};

struct SourceDetails {
  std::string publication;
  std::vector<SourceReference> references;
  std::int64_t references_read_at = 0;  // microseconds since 2000-01-01
};

std::string encode_source_details(const SourceDetails& details);
// Throws SqlError XX001 where they are damaged.
SourceDetails decode_source_details(std::string_view bytes);

}  // namespace tailrace::catalog
