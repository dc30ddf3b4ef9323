// One compressed piece of a part, of any size:
//
//   codec (1: 0 plain, 1 LZ4) | size before compression (8) | bytes
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace tailrace::storage {

// Makes pages one after the other without an allocation for each, and without a copy of what does not shrink. Not for
// several threads.
class PageWriter {
 public:
  // Where the plain bytes of the next page are appended to.
  std::string& begin();
  // The page of what was appended, valid until the next `begin`.
  std::string_view finish();

 private:
  void drop_compressed();

  std::string framed_;  // room for the header, then the plain bytes
  std::unique_ptr<char[]> compressed_;
  std::size_t compressed_bytes_ = 0;
};

std::string decompress_page(std::string_view page);  // XX001

}  // namespace tailrace::storage
