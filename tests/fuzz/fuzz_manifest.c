/* The manifest of a parcel, as somebody sends it back. */
#include "parcel/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct manifest manifest;
    if (manifest_parse((const char *)data, size, &manifest) < 0)
        return 0;
    for (size_t i = 0; i < manifest.file_count; i++)
        if (manifest_find(&manifest, manifest.files[i].name) != &manifest.files[i])
            __builtin_trap();
    manifest_done(&manifest);
    return 0;
}
