# The addon, built by node-gyp (scripts/compile-addon.mjs). CMakeLists.txt builds the same from the same two lists:
# native/sources.txt and native/flags.txt. No file has flags of its own: SIMD comes from target regions in the text.
{
  'targets': [
    {
      'target_name': 'lanegrad',
      'sources': ['<!@(node scripts/native-list.mjs sources)'],
      'include_dirs': [
        'native',
        '<!(node scripts/native-list.mjs node-api-headers)',
      ],
      'defines': ['NAPI_VERSION=8'],
      # What the headers' own settings may bring along and this project does otherwise.
      'cflags!': ['-fno-exceptions', '-O2', '-fno-omit-frame-pointer'],
      'cflags_cc!': ['-fno-exceptions', '-fno-rtti', '-std=gnu++14', '-std=gnu++17', '-std=gnu++20'],
      'cflags_cc': ['<!@(node scripts/native-list.mjs flags)'],
      'conditions': [
        ['OS=="linux"', {
          # node-gyp links in build/.
          'ldflags': [
            '-static-libstdc++', '-static-libgcc', '-pthread',
            '-Wl,--gc-sections', '-Wl,--version-script=../native/exports.map',
          ],
        }],
        ['OS=="mac"', {
          'xcode_settings': {
            'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
            'CLANG_CXX_LIBRARY': 'libc++',
            'GCC_ENABLE_CPP_EXCEPTIONS': 'YES',
            'GCC_ENABLE_CPP_RTTI': 'YES',
            'GCC_OPTIMIZATION_LEVEL': '3',
            'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
            'MACOSX_DEPLOYMENT_TARGET': '11.0',
            'OTHER_CPLUSPLUSFLAGS': ['<!@(node scripts/native-list.mjs flags)'],
          },
        }],
        # The kernels need target attributes, which MSVC has not; this stops with a sentence instead of 1,000 errors.
        ['OS=="win"', { 'sources': ['<!@(node scripts/native-list.mjs refuse-msvc)'] }],
      ],
    },
  ],
}
