#include "catalog/source_details.hpp"

#include "catalog/field_codec.hpp"
#include "repr/error.hpp"

namespace tailrace::catalog {

namespace {

// No name of a publication begins with it; before there were references the details were the name alone.
constexpr char magic = '\0';
constexpr std::uint64_t version = 1;

}  // namespace

std::string encode_source_details(const SourceDetails& details) {
  FieldWriter out;
  out.put(version);
  out.put(std::string_view(details.publication));
  out.put(static_cast<std::uint64_t>(details.references_read_at));
  out.put_list(details.references, [&](const SourceReference& reference) {
    out.put(std::string_view(reference.schema));
    out.put(std::string_view(reference.name));
    out.put_list(reference.columns,
                 [&](const std::string& column) { out.put(std::string_view(column)); });
  });
  return magic + out.take();
}

SourceDetails decode_source_details(std::string_view bytes) {
  SourceDetails details;
  if (bytes.empty() || bytes.front() != magic) {
    details.publication = bytes;
    return details;
  }
  FieldReader in(bytes.substr(1));
  if (in.number() != version) {
    throw SqlError(sqlstate::data_corrupted, "the details of a source are of an unknown version");
  }
  details.publication = in.text();
  details.references_read_at = static_cast<std::int64_t>(in.number());
  details.references = in.list([&] {
    SourceReference reference;
    reference.schema = in.text();
    reference.name = in.text();
    reference.columns = in.list([&] { return in.text(); });
    return reference;
  });
  return details;
}

}  // namespace tailrace::catalog
