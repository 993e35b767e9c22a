// Polynomials of functions. Written by scripts/fit-tables.py, which says how to read them; not to be edited.
#pragma once

namespace lanegrad::tables {

// (exp(x) - 1 - x) / x^2
struct ExpTail {
  static constexpr double kDouble[] = {0x1.0000000000000p-1,  0x1.5555555555555p-3,  0x1.5555555555557p-5,
                                       0x1.1111111111111p-7,  0x1.6c16c16c15a6cp-10, 0x1.a01a01a0196aep-13,
                                       0x1.a01a01a9e81b0p-16, 0x1.71de3a5aa6f3ap-19, 0x1.27e4d41d518c8p-22,
                                       0x1.ae642c871071fp-26, 0x1.1f7f20380f743p-29, 0x1.61bfa26897079p-33};
};

// (2^x - 1) / x
struct Exp2Slope {
  static constexpr double kDouble[] = {0x1.62e42fefa39efp-1,  0x1.ebfbdff82c58fp-3,  0x1.c6b08d704a0c6p-5,
                                       0x1.3b2ab6fba4e79p-7,  0x1.5d87fe78a3f9cp-10, 0x1.430912f86b7dbp-13,
                                       0x1.ffcbfc6da6ed1p-17, 0x1.62c02242b879cp-20, 0x1.b524ebd13a55fp-24,
                                       0x1.e4cf10dec0f59p-28, 0x1.e9ec1fcb69a7fp-32, 0x1.c4a29324a1038p-36};
};

// (log((1 + s) / (1 - s)) - 2 s) / s^3 of s^2
struct LogTail {
  static constexpr double kDouble[] = {0x1.5555555555555p-1, 0x1.9999999999a3ap-2, 0x1.249249247670ap-2,
                                       0x1.c71c7201fc0e6p-3, 0x1.745cf8c09a9d4p-3, 0x1.3b1c43c68eb6dp-3,
                                       0x1.0fbd140544b63p-3, 0x1.0c135adcf3011p-3};
};

// log(1 + x) / x
struct Log1pSlope {
  static constexpr double kSingle[] = {0x1.000000000212ep+0,  -0x1.0000000060400p-1, 0x1.555554269adccp-2,
                                       -0x1.ffffe30fe163cp-3, 0x1.99a64ee5fa64fp-3,  -0x1.55f8dc52f9a55p-3,
                                       0x1.1392b6d7f55a3p-3};
};

// (log(1 + x) - x + x^2 / 2) / x^3
struct PowTail {
  static constexpr double kDouble[] = {0x1.5555555555555p-2,  -0x1.ffffffffffffep-3, 0x1.9999999999850p-3,
                                       -0x1.5555555559292p-3, 0x1.24924925d4e4cp-3,  -0x1.ffffffcebfbe5p-4,
                                       0x1.c71c634da9f25p-4,  -0x1.9999e32a0e964p-4, 0x1.74801db60a73fp-4,
                                       -0x1.55db1f6af7437p-4, 0x1.1d3b3d2567387p-4};
};

// (sin(x) - x) / x^3 of x^2
struct SinTail {
  static constexpr double kDouble[] = {-0x1.5555555555555p-3, 0x1.1111111111110p-7,   -0x1.a01a01a019938p-13,
                                       0x1.71de3a5460950p-19, -0x1.ae645412c42aap-26, 0x1.61217f0a8a4adp-33,
                                       -0x1.ab17d373ff85ap-41};
};

// (cos(x) - 1 + x^2 / 2) / x^4 of x^2
struct CosTail {
  static constexpr double kDouble[] = {0x1.5555555555555p-5,   -0x1.6c16c16c16c16p-10, 0x1.a01a01a019d0ap-16,
                                       -0x1.27e4fb7712d60p-22, 0x1.1eed8deb971f9p-29,  -0x1.9394ba0bfc4ebp-37,
                                       0x1.ab785a7fd505ep-45};
};

// (tan(x) - x) / x^3 of x^2
struct TanTail {
  static constexpr double kDouble[] = {0x1.5555555555555p-2,  0x1.1111111111099p-3,   0x1.ba1ba1ba29c23p-5,
                                       0x1.664f487d82518p-6,  0x1.226e3662c95e0p-7,   0x1.d6d394448683bp-9,
                                       0x1.7da7faa29f332p-10, 0x1.351b7f2b80ac4p-11,  0x1.f9e3705b919adp-13,
                                       0x1.796cb86f7f9dbp-14, 0x1.d24ea1c8db2c0p-15,  -0x1.7191d17c04bf2p-17,
                                       0x1.3252bb26877b7p-15, -0x1.3348b1438a1f0p-16, 0x1.1ca7d42111c8fp-17};
};

// (sinh(x) - x) / x^3 of x^2
struct SinhTail {
  static constexpr double kDouble[] = {0x1.5555555555555p-3,  0x1.11111111110fdp-7,  0x1.a01a01a01ee70p-13,
                                       0x1.71de3a4e14f40p-19, 0x1.ae6460fae3728p-26, 0x1.611cb330c1fe8p-33,
                                       0x1.b41232cf9950fp-41};
};

// sin(pi x) / x of x^2
struct SinPi {
  static constexpr double kSingle[] = {0x1.921fb54425516p+1,  -0x1.4abbce51c31dap+2, 0x1.466bc06900900p+1,
                                       -0x1.32d12ebe6b560p-1, 0x1.5014072bd9ca2p-4,  -0x1.cc9b5f3456b49p-8};
  static constexpr double kDouble[] = {0x1.921fb54442d18p+1,  -0x1.4abbce625be52p+2,  0x1.466bc6775aa7dp+1,
                                       -0x1.32d2cce627c86p-1, 0x1.5078348551854p-4,   -0x1.e3074dfaf87afp-8,
                                       0x1.e8f3675ee37ddp-12, -0x1.6f7acdb8f6580p-16, 0x1.9d462020fcc78p-21};
};

// x exp(x^2) erfc(x) of 1 / x^2, x > 15
struct LargeErfcx {
  static constexpr double kSingle[] = {0x1.20dd750411db1p-1, -0x1.20dd6fc54a6afp-2, 0x1.b1350e7af8a97p-2,
                                       -0x1.069c68c857992p+0};
  static constexpr double kDouble[] = {0x1.20dd750429b6dp-1,  -0x1.20dd7504297fap-2, 0x1.b14c2f8335496p-2,
                                       -0x1.0ecf99afa6ff9p+0, 0x1.d9e6411fa66cfp+1,  -0x1.09c0c88f5dc8dp+4,
                                       0x1.4bf41bf76134cp+6};
};

// erf(x) / x
struct ErfOverX {
  static constexpr int kBits = 2;
  static constexpr double kOffset = 0.5;
  static constexpr double kSingle[][16] = {
      {0x1.20ac0448e30d1p-1, 0x1.c672068e64fbdp-2, 0x1.74537fc603cfbp-2, 0x1.3b135862188d2p-2,
       0x1.ffffff7b91176p-3, 0x1.9999999996e53p-3, 0x1.5555555555555p-3, 0x1.2492492492492p-3,
       0x1.207d480e90658p+0, 0x1.1d83ecffec36fp+0, 0x1.17bb29ab32832p+0, 0x1.0f7259a881829p+0,
       0x1.fe8f1614e4ebbp-1, 0x1.cacbc181f7fbdp-1, 0x1.9450bb1ec6057p-1, 0x1.611065fc93172p-1},
      {-0x1.2b07a604b82eap-2, -0x1.8d734c1cc2d42p-3, -0x1.0e5896d1c2af7p-3, -0x1.83bf9f6ff2edep-4,
       -0x1.ffffee6dde3bap-5, -0x1.47ae14787a9adp-5, -0x1.c71c71c67a196p-6, -0x1.4e5e0a72cdb85p-6,
       -0x1.80408192708c9p-5, -0x1.1ad8fe728f96ep-3, -0x1.c6311653d5a0cp-3, -0x1.2cd344a4bc429p-2,
       -0x1.7edef5d88ff21p-2, -0x1.b29323959dc83p-2, -0x1.ad1533f371e7cp-2, -0x1.82ad1810bd638p-2},
      {0x1.d3549a43fd7dbp-4, 0x1.4408c71a98c79p-4, 0x1.846d86b68868cp-5, 0x1.dcc02f5e7160cp-6,
       0x1.fffeddd025f04p-7, 0x1.0624dd249a574p-7, 0x1.2f684bd9a6a94p-8, 0x1.7e2255157d64fp-9,
       -0x1.7e739c123b464p-2, -0x1.6948b59e1eda3p-2, -0x1.41400aa98dcfep-2, -0x1.0a93372169c19p-2,
       -0x1.5275c582f0a8ep-3, -0x1.4574d9b0aaf6cp-5, 0x1.bbf4930fccdccp-5, 0x1.ab151a7972ddfp-4},
      {-0x1.c0364ee66d749p-7, -0x1.a1de2f2c80d10p-6, -0x1.0a0c095b171c3p-6, -0x1.2369272676912p-7,
       -0x1.fff3e4d6e1639p-9, -0x1.a36e3ad44262dp-10, -0x1.948b1407241b4p-11, -0x1.b4b9879cd6173p-12,
       0x1.cc0a14a7c32aep-6, 0x1.4c6796a7fb224p-4, 0x1.01021d8fcfe9fp-3, 0x1.413fd5430ba3ep-3,
       0x1.671c4ee5f2f8ap-3, 0x1.367b5cd32861bp-3, 0x1.8a284bb2a1d73p-4, 0x1.3fc0dab3d19c7p-5},
      {-0x1.4249570cfd698p-6, 0x1.7610962cbd30ep-9, 0x1.3555278ce4821p-8, 0x1.5b1a220fa8293p-9,
       0x1.ffa1438b4e648p-11, 0x1.4f8b5998bfc30p-12, 0x1.0db20d59f96d1p-13, 0x1.f31d2d4586f5dp-15,
       0x1.c7c2503e730b3p-4, 0x1.95f90c68764c8p-4, 0x1.3a9bb97d3bbdfp-4, 0x1.8889e294bcf6cp-5,
       0x1.d2c7a6e63eed1p-10, -0x1.6f0e98878029fp-5, -0x1.f10767c6ea2bbp-5, -0x1.9e43d513639b7p-5},
      {0x1.ec68c376420ecp-7, 0x1.c6c0c1f06bf5dp-9, -0x1.7697d1ee2b16cp-11, -0x1.78a3866b669b4p-11,
       -0x1.fdbea28853e25p-13, -0x1.0c637591ac6b9p-14, -0x1.679075afb1bc7p-16, -0x1.1d31ffe2d5d54p-17,
       -0x1.47cc24eab171ap-7, -0x1.d06847c2e1f27p-6, -0x1.58911127947d1p-5, -0x1.93118ac97160dp-5,
       -0x1.7ea5f574d4cf4p-5, -0x1.a39a9ea8d12ebp-6, -0x1.2fba4e8aaf769p-11, 0x1.dbbed324cc886p-7},
      {-0x1.c5f9c549ba480p-9, -0x1.734c4b68e7218p-9, -0x1.67a567824c5eap-12, 0x1.2583ea2b7f3a5p-13,
       0x1.f5765b502075ep-15, 0x1.ad6954109093ep-17, 0x1.df6b4783e1482p-19, 0x1.45efffdeab3e0p-20,
       -0x1.aedbbfc324b74p-6, -0x1.677ad1d26c274p-6, -0x1.d11c668d3574fp-7, -0x1.356d62903cf16p-8,
       0x1.194e06e5c025ep-7, 0x1.1d687e9d98c11p-6, 0x1.d5673237b3754p-7, 0x1.6c42dd497d8b6p-8},
      {-0x1.8c2b3baaafc8ep-10, 0x1.eb10e82dc6f4ap-11, 0x1.7de7b34461be8p-12, 0x1.8515e73cbe6fap-17,
       -0x1.d8996a292700cp-17, -0x1.5f522bb1297bap-19, -0x1.44af96d328f28p-21, -0x1.78d367e6a9db4p-23,
       0x1.527b01e757d26p-9, 0x1.d5d2216df28ddp-8, 0x1.4da93b7183ae6p-7, 0x1.6a6e130566640p-7,
       0x1.15e5ee3d3b4bap-7, 0x1.644178e85545cp-10, -0x1.10414ae381df9p-8, -0x1.4ae599f06d3fbp-8},
      {0x1.468cb7e86772cp-10, 0x1.c67cc946ea539p-16, -0x1.53be35da1bfc6p-13, -0x1.e2e7436802111p-16,
       0x1.63412f0e0f5b9p-19, 0x1.18ab0b6aebbb1p-21, 0x1.b0ea0ef3e3628p-24, 0x1.aea876be56d98p-26,
       0x1.4c18a09a83b27p-8, 0x1.0218a5140b2e7p-8, 0x1.05756bf7bfef1p-9, -0x1.f43dea874248fp-13,
       -0x1.7dc3e9a2cbbcbp-9, -0x1.db6a3cda8b1c7p-9, -0x1.abf280214d0fcp-10, 0x1.30d4d17c150c8p-11}};
  static constexpr double kDouble[][16] = {
      {0x1.20ac0448e30d1p-1, 0x1.c672068e64fbdp-2, 0x1.74537fc603cfbp-2, 0x1.3b135862188d2p-2,
       0x1.ffffff7b91176p-3, 0x1.9999999996e53p-3, 0x1.5555555555555p-3, 0x1.2492492492492p-3,
       0x1.207d480e90658p+0, 0x1.1d83ecffec36fp+0, 0x1.17bb29ab32832p+0, 0x1.0f7259a881829p+0,
       0x1.fe8f1614e4ebbp-1, 0x1.cacbc181f7fbdp-1, 0x1.9450bb1ec6057p-1, 0x1.611065fc93172p-1},
      {-0x1.2b07a606936a4p-2, -0x1.8d734c1fef1dcp-3, -0x1.0e5896d12aaf3p-3, -0x1.83bf9f6f554b0p-4,
       -0x1.ffffee707c8f0p-5, -0x1.47ae147a70d7ap-5, -0x1.c71c71c71c710p-6, -0x1.4e5e0a72f0539p-6,
       -0x1.8040819270b37p-5, -0x1.1ad8fe728fb15p-3, -0x1.c6311653d5c49p-3, -0x1.2cd344a4bc547p-2,
       -0x1.7edef5d89a390p-2, -0x1.b293239599bcep-2, -0x1.ad1533f367888p-2, -0x1.82ad1810b6ca1p-2},
      {0x1.d3549a3f1bdfep-4, 0x1.4408c71d2d866p-4, 0x1.846d86b723aaep-5, 0x1.dcc02f5d976ccp-6,
       0x1.fffeddbf34051p-7, 0x1.0624dd2623320p-7, 0x1.2f684bda12e32p-8, 0x1.7e225515a4f1dp-9,
       -0x1.7e739c123b4dep-2, -0x1.6948b59e1edfbp-2, -0x1.41400aa98dd1dp-2, -0x1.0a93372169bfbp-2,
       -0x1.5275c582e5642p-3, -0x1.4574d9b084d42p-5, 0x1.bbf4930fce5c5p-5, 0x1.ab151a79685f0p-4},
      {-0x1.c0361d5090f8bp-7, -0x1.a1de1a0596185p-6, -0x1.0a0c0d51b3810p-6, -0x1.23692b411d706p-7,
       -0x1.fff3dbec98f7fp-9, -0x1.a36e2dc247428p-10, -0x1.948b0fcd6c2f6p-11, -0x1.b4b985cf97ef8p-12,
       0x1.cc0a14abcf6cap-6, 0x1.4c6796aabb5b8p-4, 0x1.01021d91ad774p-3, 0x1.413fd544e8f28p-3,
       0x1.671c4f2a788dcp-3, 0x1.367b5cb82fdebp-3, 0x1.8a284b28503d9p-4, 0x1.3fc0da03d32b6p-5},
      {-0x1.424946c7dd84cp-6, 0x1.7610514e6754bp-9, 0x1.355523836d5e1p-8, 0x1.5b1a27bd0d528p-9,
       0x1.ffa17bb3fb667p-11, 0x1.4f8b4f5f17b42p-12, 0x1.0db20a88d7ae0p-13, 0x1.f31d2b36647f5p-15,
       0x1.c7c250400790bp-4, 0x1.95f90c6999758p-4, 0x1.3a9bb97da23f1p-4, 0x1.8889e293f49c1p-5,
       0x1.d2c7941d7c4efp-10, -0x1.6f0e9906a23d2p-5, -0x1.f10767cbe6962p-5, -0x1.9e43d4cd672d8p-5},
      {0x1.ec5d8e915e5b4p-7, 0x1.c69ab0b914060p-9, -0x1.767b30004eeb1p-11, -0x1.7894c29487850p-11,
       -0x1.fdc71caa9adcdp-13, -0x1.0c6f336e3d129p-14, -0x1.67980e09e112ap-16, -0x1.1d353d43a8bb3p-17,
       -0x1.47cc4210bd898p-7, -0x1.d0686f6107a94p-6, -0x1.58912c052ff2fp-5, -0x1.9311a5a37199fp-5,
       -0x1.7ea6ec34a9ac2p-5, -0x1.a399dc43be0b6p-6, -0x1.2f7c086ca99c1p-11, 0x1.dbc14cd466db8p-7},
      {-0x1.c6170d376409ap-9, -0x1.733cc6386603cp-9, -0x1.6796ee877743fp-12, 0x1.256f764dfd6e8p-13,
       0x1.f5449a2709123p-15, 0x1.ad7bb526629c2p-17, 0x1.df7567efd62cbp-19, 0x1.45f3b3bb09e9bp-20,
       -0x1.aedbd684e5b1ep-6, -0x1.677ae2338e548p-6, -0x1.d11c72157eab7p-7, -0x1.356d4c04f20f5p-8,
       0x1.19502427499a9p-7, 0x1.1d6963872889ap-6, 0x1.d5674415f91b6p-7, 0x1.6c40e51d83d37p-8},
      {-0x1.849ec2139fd0cp-10, 0x1.f7c002a8bb159p-11, 0x1.7918725684b42p-12, 0x1.367612f90c6aep-17,
       -0x1.d56ccaefa5423p-17, -0x1.5786d55c51df0p-19, -0x1.3fa399d00f605p-21, -0x1.74843b174f373p-23,
       0x1.531683e2419fep-9, 0x1.d6a57d5f2bcc1p-8, 0x1.4e388eaaf6d88p-7, 0x1.6afd520cd65c4p-7,
       0x1.172f26556a171p-7, 0x1.6032257581e77p-10, -0x1.12da4dea62bfbp-8, -0x1.4c8c39da1048dp-8},
      {0x1.4b6d8653dbcd4p-10, 0x1.2051ff5b258dep-16, -0x1.5621ade9a3540p-13, -0x1.d53f0eb839eb9p-16,
       0x1.733ac251f5b69p-19, 0x1.128fe921b1215p-21, 0x1.aa2f6fd0a536ep-24, 0x1.a9bbb13f291a8p-26,
       0x1.4c92074fc5075p-8, 0x1.027005c55b5b6p-8, 0x1.05b2ef6aef28ap-9, -0x1.f800389c7b171p-13,
       -0x1.80966d7a1bd27p-9, -0x1.ddcd1f63bdbe1p-9, -0x1.ac21a4bb740ebp-10, 0x1.3616f7b34f9adp-11},
      {-0x1.bb88e332f1b51p-13, -0x1.684e60ddf6d57p-13, 0x1.186342d8208f7p-15, 0x1.162809b137fd3p-16,
       -0x1.e4b7cefc62e2dp-23, -0x1.b55c4555908f9p-24, -0x1.1c1f9459e2eaep-26, -0x1.e68d6f6657f4fp-29,
       -0x1.14bb50ceb7d7dp-11, -0x1.781d0c09e161ep-10, -0x1.fe12084a6d69ap-10, -0x1.fdbf5d08669bbp-10,
       -0x1.2542b82fff7adp-10, 0x1.d1889a5d42ef8p-12, 0x1.28a1648961f23p-10, 0x1.78236a99816b4p-11},
      {-0x1.1521c09eb28b4p-13, 0x1.2ae585d1f81c0p-14, 0x1.07377214e7a21p-17, -0x1.866f769629a3dp-18,
       -0x1.8fab3f5c1aa92p-23, 0x1.57a1840c083edp-26, 0x1.7ad383f5eae2bp-29, 0x1.1607ad5bebff4p-31,
       -0x1.b000b0346a20ap-11, -0x1.36e9294371d02p-11, -0x1.b599572c225bap-13, 0x1.ac49d5a6039d1p-13,
       0x1.424e3694e638fp-11, 0x1.1024915f87488p-11, 0x1.43cb0b9a559ecp-16, -0x1.2c56d65e64240p-12},
      {0x1.2fa035af2a76dp-14, -0x1.6c5af66fc6d3cp-19, -0x1.211f1d75991cfp-17, 0x1.e7f6ad7c571ddp-21,
       0x1.3b84faa6bd2d9p-23, -0x1.01dda300f97c9p-28, -0x1.f8ee39fe9e6fbp-32, -0x1.3db37d5d3688bp-34,
       0x1.75b158a8273f9p-14, 0x1.f124ba2bfa43fp-13, 0x1.412232b817944p-12, 0x1.24204869e422bp-12,
       0x1.a89040902e72bp-14, -0x1.3536deb6ae14fp-13, -0x1.6dd786c046f90p-13, -0x1.4161abe9a2fc7p-15},
      {-0x1.1ce92452ca141p-19, -0x1.29d0b2e6850c0p-17, 0x1.70261b02e2f4ep-19, 0x1.49135785057bcp-22,
       -0x1.1f8455022e1b6p-24, 0x1.4628f44ff2e7ep-31, 0x1.5081fa6faec92p-34, 0x1.6b16457215cf3p-37,
       0x1.e3930e873b474p-14, 0x1.4058dbe9230f6p-14, 0x1.cfb6104a330bdp-17, -0x1.9817431fdd770p-15,
       -0x1.966ebfd52146ap-14, -0x1.b45f71c12cf68p-15, 0x1.ea795698fb3a7p-16, 0x1.98b2ab5836922p-15},
      {-0x1.272dee80443e1p-17, 0x1.b572c5f23c0edp-19, 0x1.0142564a471d1p-27, -0x1.1b6d1fdcce74bp-22,
       0x1.614e62a2ad6d5p-26, -0x1.1c488c53c9af9p-37, -0x1.cb751398ae463p-37, -0x1.a70ce99bdd150p-40,
       -0x1.adeb54466f95bp-17, -0x1.17d51be6c80d8p-15, -0x1.5794598641ee8p-15, -0x1.18ac317587dfap-15,
       -0x1.1bc7ff2f69e79p-18, 0x1.b56c098eff9f2p-16, 0x1.2c6bfc7282429p-16, -0x1.4e24216b55641p-18},
      {0x1.3cf986b301e44p-19, 0x1.d7501f9c630f7p-25, -0x1.5e58be23dd923p-22, 0x1.58f17dda82f71p-24,
       -0x1.ba4f499801ba3p-29, -0x1.84f34ecd839a8p-35, 0x1.2f8d52b830982p-39, 0x1.e37c2bf173f14p-43,
       -0x1.da6c61f8a9294p-17, -0x1.1f526831833fap-17, 0x1.7797c5e9e1b38p-24, 0x1.0e9792b7dc9edp-17,
       0x1.9c083b7b57373p-17, 0x1.ae00a6166e630p-19, -0x1.ad58df4c1d572p-18, -0x1.5072712dc2d76p-18}};
};

// (atan(x) - x) / x^3
struct AtanTail {
  static constexpr int kBits = 4;
  static constexpr double kOffset = 1.0;
  static constexpr double kSingle[][16] = {
      {-0x1.55222b44dfc82p-2, -0x1.538b681406625p-2, -0x1.506b3d3c4f41ap-2, -0x1.4bdb36450533cp-2,
       -0x1.45fee9bed977ap-2, -0x1.3f0131b550227p-2, -0x1.3711273b3ccfep-2, -0x1.2e5f3f73fb661p-2,
       -0x1.251ad104f1796p-2, -0x1.1b702a68b4ed1p-2, -0x1.1187449bc9468p-2, -0x1.0783076de0098p-2,
       -0x1.fb020ea0fd38dp-3, -0x1.e7333e0bc9ce4p-3, -0x1.d3c08ff962d3fp-3, -0x1.c0c830189f998p-3},
      {0x1.99077b13b657fp-7, 0x1.2f61ccdc8685dp-5, 0x1.eea36630d32a2p-5, 0x1.4f33261ac721bp-4,
       0x1.9d26c06bcf84cp-4, 0x1.dfbbc45c431f0p-4, 0x1.0b20f61da555fp-3, 0x1.205b7cfb184fdp-3,
       0x1.2fd320b7a400dp-3, 0x1.3a00f442bd852p-3, 0x1.3f7e3456232b5p-3, 0x1.40f364bdb219dp-3,
       0x1.3f0aefa0169f8p-3, 0x1.3a678aa0d2d85p-3, 0x1.339e10a6c3366p-3, 0x1.2b32325ed8af7p-3},
      {0x1.97e38b5faead8p-3, 0x1.8a6e770f6fa97p-3, 0x1.70b4318e7ee4dp-3, 0x1.4ce12b9d55935p-3,
       0x1.21c5af8306a16p-3, 0x1.e4dc7a32063cfp-4, 0x1.83878eae6fb9bp-4, 0x1.24886d2c17678p-4,
       0x1.97685da1aed6bp-5, 0x1.ee8df66e1aa2dp-6, 0x1.ae4c128237db1p-7, -0x1.569c4b08d24d3p-10,
       -0x1.b0055ec67bf43p-7, -0x1.7378908503f0fp-6, -0x1.ebc69018b7e1bp-6, -0x1.22b7f66014042p-5},
      {-0x1.23766d13647f0p-6, -0x1.a827768ebd71ap-5, -0x1.4cd9e5acfcdecp-4, -0x1.aa532c1a91c14p-4,
       -0x1.e7cf9c656d568p-4, -0x1.0275b8998f4d7p-3, -0x1.0269f599bcdefp-3, -0x1.ed0e560cac875p-4,
       -0x1.c427b65a058ebp-4, -0x1.909a58f550c2cp-4, -0x1.580f15188bb4cp-4, -0x1.1efd12f0ea4c0p-4,
       -0x1.d12ad41c51ec0p-5, -0x1.6dc08386398e7p-5, -0x1.15e5f06933d07p-5, -0x1.94b48a5512f3ep-6},
      {-0x1.20ecc39d0c0a9p-3, -0x1.074956cd991bdp-3, -0x1.b0bfcacf46ae4p-4, -0x1.3770c9fa3c738p-4,
       -0x1.6866eb69dc4e6p-5, -0x1.b982282eae74fp-7, 0x1.9cd0947651699p-7, 0x1.0af3e5f7f4426p-5,
       0x1.796e3ca7d3f45p-5, 0x1.b6adc1b623fb4p-5, 0x1.cb2b7727dc0dcp-5, 0x1.c11415ad70548p-5,
       0x1.a2505c8579801p-5, 0x1.776116a6bff2bp-5, 0x1.46e880f74f389p-5, 0x1.15a84f28a4f61p-5},
      {0x1.52425b844daf5p-6, 0x1.de07617019728p-5, 0x1.618d7c3a150c1p-4, 0x1.9da5232e3ef69p-4,
       0x1.a1e37ef5b1432p-4, 0x1.780252df57463p-4, 0x1.300dfc0d6b3b5p-4, 0x1.b6452fdd774d4p-5,
       0x1.0f0548b5d546cp-5, 0x1.f5c3916f9beabp-7, 0x1.600579ff94a22p-10, -0x1.19dea68b8eb75p-7,
       -0x1.e83facc7c698bp-7, -0x1.2aab41d776e73p-6, -0x1.3cee9e5724d67p-6, -0x1.3653f09cca328p-6}};
  static constexpr double kDouble[][16] = {
      {-0x1.55222b44edabep-2, -0x1.538b681411e2bp-2, -0x1.506b3d3c56a52p-2, -0x1.4bdb364507d03p-2,
       -0x1.45fee9bed7b3cp-2, -0x1.3f0131b54b24fp-2, -0x1.3711273b360bfp-2, -0x1.2e5f3f73f434cp-2,
       -0x1.251ad104eadbbp-2, -0x1.1b702a68af791p-2, -0x1.1187449bc533cp-2, -0x1.0783076ddd4c7p-2,
       -0x1.fb020ea0fa05cp-3, -0x1.e7333e0bc85fep-3, -0x1.d3c08ff962a8cp-3, -0x1.c0c83018a0414p-3},
      {0x1.99077b1412255p-7, 0x1.2f61ccdcc4d71p-5, 0x1.eea3663127f51p-5, 0x1.4f33261af2728p-4,
       0x1.9d26c06bf3152p-4, 0x1.dfbbc45c5a178p-4, 0x1.0b20f61daa2bap-3, 0x1.205b7cfb17a76p-3,
       0x1.2fd320b79fb62p-3, 0x1.3a00f442b775fp-3, 0x1.3f7e34561ccecp-3, 0x1.40f364bdac5f2p-3,
       0x1.3f0aefa011fb4p-3, 0x1.3a678aa0cf661p-3, 0x1.339e10a6c0dc8p-3, 0x1.2b32325ed73bap-3},
      {0x1.97e3932fdf506p-3, 0x1.8a6e7d87afaa0p-3, 0x1.70b435b6774fep-3, 0x1.4ce12d155038ep-3,
       0x1.21c5ae84ccdf2p-3, 0x1.e4dc7494c0481p-4, 0x1.83878711e6557p-4, 0x1.248865148f758p-4,
       0x1.97684ebecabd5p-5, 0x1.ee8ddde3fd244p-6, 0x1.ae4bedd9d0b88p-7, -0x1.569d1035ea854p-10,
       -0x1.b0056d2c20e0ap-7, -0x1.737893bd2e8ddp-6, -0x1.ebc69079e04bep-6, -0x1.22b7f5a34fc72p-5},
      {-0x1.237679fc748c2p-6, -0x1.a8278815d3950p-5, -0x1.4cd9f199ac0a5p-4, -0x1.aa5338496be17p-4,
       -0x1.e7cfa66618419p-4, -0x1.0275bbd48263ap-3, -0x1.0269f6f5d1588p-3, -0x1.ed0e55adddd85p-4,
       -0x1.c427b3eff4ff4p-4, -0x1.909a558cb9c32p-4, -0x1.580f118476fe0p-4, -0x1.1efd0fb7e5824p-4,
       -0x1.d12acee385ba2p-5, -0x1.6dc07fa5ba126p-5, -0x1.15e5edc428e0cp-5, -0x1.94b487108958ap-6},
      {-0x1.214020552ad79p-3, -0x1.078e5d528d79bp-3, -0x1.b11877c12eaafp-4, -0x1.37901cfb6744dp-4,
       -0x1.683c8204d5377p-5, -0x1.b7a2dcd8d213cp-7, 0x1.9f5a478c72557p-7, 0x1.0ba08f791c7bbp-5,
       0x1.7a0d0b411793cp-5, 0x1.b730a425b13a6p-5, 0x1.cb8d37befbb3fp-5, 0x1.c155cd983cd3ep-5,
       0x1.a276bea1a657ap-5, 0x1.77723ff6f5a51p-5, 0x1.46ea8536cd3a0p-5, 0x1.15a070235ec98p-5},
      {0x1.52cc1d1108cf2p-6, 0x1.dec26695f0811p-5, 0x1.620cb73f0d475p-4, 0x1.9e271e7b398b8p-4,
       0x1.a24e34e35c613p-4, 0x1.78473cfa82ef0p-4, 0x1.302afba9fb72dp-4, 0x1.b63d42c5a6818p-5,
       0x1.0ed1c0db8845bp-5, 0x1.f4a0a054d54c7p-7, 0x1.567a32cf07bdbp-10, -0x1.1af1ae2fde35fp-7,
       -0x1.e91e7ac98f703p-7, -0x1.2afdf662e3048p-6, -0x1.3d27088939e5ep-6, -0x1.3676ca2933328p-6},
      {0x1.bcfdd58a07066p-4, 0x1.706b21f307972p-4, 0x1.d9265d8e5f495p-5, 0x1.4dd95299d2e9dp-6,
       -0x1.c5ec350761e6fp-7, -0x1.4001af552c5e7p-5, -0x1.b192a69f98876p-5, -0x1.ccc1b88a85efep-5,
       -0x1.a7ac1b7bb85b3p-5, -0x1.5d17995807a4bp-5, -0x1.04a7b1e6c14f4p-5, -0x1.5e5e1aeefe2e9p-6,
       -0x1.991665239bdcfp-7, -0x1.6d73a3dd7a3f8p-8, -0x1.53a3f02e0090bp-11, 0x1.50b9350443a39p-9},
      {-0x1.6fc5ea4d030b4p-6, -0x1.f34440ba8bc39p-5, -0x1.539d14ff2e896p-4, -0x1.5ae4ff6e6ca5dp-4,
       -0x1.1cb6b0bd274ecp-4, -0x1.6f94ea622aaa5p-5, -0x1.3502803390af9p-6, 0x1.5604c4edd2949p-9,
       0x1.134e1faf72440p-6, 0x1.844a8bdb9666fp-6, 0x1.9771fb5024255p-6, 0x1.6ed13ea25f14ap-6,
       0x1.2918d1178129fp-6, 0x1.b90a3adcf3239p-7, 0x1.2cc713f489354p-7, 0x1.73822457357ffp-8},
      {-0x1.65eb7ccd934c9p-4, -0x1.014a29c1fc923p-4, -0x1.84afcef32e2d4p-6, 0x1.f6f0b5ff18225p-7,
       0x1.5c713ea6953a2p-5, 0x1.b23b9642948a7p-5, 0x1.9054dfef409eep-5, 0x1.2742cdf1d9ccfp-5,
       0x1.5439afcb84695p-6, 0x1.e6811d762ce93p-8, -0x1.029d1b2b122e8p-9, -0x1.dbc704aaf3a07p-8,
       -0x1.2fce71eaff137p-7, -0x1.2b566ac2c8416p-7, -0x1.016b8433e2750p-7, -0x1.938bd470d6e08p-8},
      {0x1.8198f44185624p-6, 0x1.f1467a5b7d9b2p-5, 0x1.2e546cb3c8a53p-4, 0x1.f7e9650a1f0cfp-5,
       0x1.147d51ce43d9fp-5, 0x1.136c4b169b1ebp-8, -0x1.17c8cc2f9dc02p-6, -0x1.b480f2549f9a0p-6,
       -0x1.b045076e4f4d6p-6, -0x1.4fab39379d870p-6, -0x1.a6c192e1a3694p-7, -0x1.93c0c2fa59439p-8,
       -0x1.5d57efbd1e70dp-10, 0x1.8e735eace4bb2p-10, 0x1.71493f5110f71p-9, 0x1.95a16de83b736p-9}};
};

// (asin(x) - x) / x^3
struct AsinTail {
  static constexpr int kBits = 4;
  static constexpr double kOffset = 0.5;
  static constexpr double kSingle[][16] = {
      {0x1.555eef4a60a8dp-3, 0x1.55abd8b48a500p-3, 0x1.5646357a9f2f6p-3, 0x1.572f1c46d3e1cp-3,
       0x1.5868362649e14p-3, 0x1.59f3c753882c3p-3, 0x1.5bd4bb8092128p-3, 0x1.5e0eb62aa71cap-3,
       0x1.60a627b6ab296p-3, 0x1.63a068597a85fp-3, 0x1.6703da29babc1p-3, 0x1.6ad81432bfa28p-3,
       0x1.6f2619082a22bp-3, 0x1.73f89c45847b4p-3, 0x1.795c5bb566b1dp-3, 0x1.7f6092c48d5c8p-3},
      {0x1.334a10165705fp-9, 0x1.ce0210a8030bbp-8, 0x1.82cec355789dcp-7, 0x1.10ace8fbc8f32p-6,
       0x1.61e7563fc82e7p-6, 0x1.b5b75cb1437cep-6, 0x1.0665f1bb0b657p-5, 0x1.33f3326ecbb6ap-5,
       0x1.63f015dbc937ep-5, 0x1.96d85e5cd82c5p-5, 0x1.cd3aea173c5b9p-5, 0x1.03df6185f10cap-4,
       0x1.2394d18ef1d83p-4, 0x1.46343bd21e685p-4, 0x1.6c4d56b90ef28p-4, 0x1.9690b60794528p-4},
      {0x1.3377cc8143d2ep-4, 0x1.359ea7e62b27fp-4, 0x1.39f76fda1df24p-4, 0x1.4098ba61d01b2p-4,
       0x1.49a591cdb73f2p-4, 0x1.554ef0e9f7eaep-4, 0x1.63d5e7b525378p-4, 0x1.758e92571220dp-4,
       0x1.8ae41ef854159p-4, 0x1.a45e39a42ab30p-4, 0x1.c2a85b9db1064p-4, 0x1.e69bb3ed83bcep-4,
       0x1.08a659d76fb73p-3, 0x1.220ee5578197ap-3, 0x1.406cd656f9951p-3, 0x1.64ec5ef7fd631p-3},
      {0x1.6e04abc22ded2p-9, 0x1.14588710285dfp-7, 0x1.d2c205d6afcb3p-7, 0x1.4d5aa2c360350p-6,
       0x1.b847f936211fdp-6, 0x1.165229b58c7dep-5, 0x1.56ab4a329ab5dp-5, 0x1.9eec580e2a9dbp-5,
       0x1.f1359a9854c8ap-5, 0x1.281689e7a2c2fp-4, 0x1.5f96b590350bdp-4, 0x1.a1438482d1618p-4,
       0x1.efee0562336ebp-4, 0x1.27a91d68ceee7p-3, 0x1.623bf7d584e9fp-3, 0x1.ab21b918d8815p-3},
      {0x1.6eb7d791224b5p-5, 0x1.76133435c4081p-5, 0x1.8516ad9dd44bbp-5, 0x1.9c611a04521cdp-5,
       0x1.bceea3aa85517p-5, 0x1.e82b28e99e137p-5, 0x1.1006e92c833f9p-4, 0x1.33a091e0af6a3p-4,
       0x1.60ae46e9d843ap-4, 0x1.999b9a21a85bdp-4, 0x1.e1afe73b2fc84p-4, 0x1.1eb3111deeb17p-3,
       0x1.5977ad17ee787p-3, 0x1.a57c04fa7b396p-3, 0x1.0476100ea2512p-2, 0x1.465cb381fb0e6p-2},
      {0x1.76184de4c86d6p-9, 0x1.1c5d3fc136546p-7, 0x1.e6d894187870ap-7, 0x1.62d0cc48c7bd4p-6,
       0x1.e16af9fb3f904p-6, 0x1.3ab515c1f76adp-5, 0x1.9352fd08e6ee2p-5, 0x1.ffacc09698ff8p-5,
       0x1.434b626da21b1p-4, 0x1.98aefe5491f02p-4, 0x1.0339f440c6843p-3, 0x1.4ad9a5acf8f00p-3,
       0x1.a9bf29a0b913dp-3, 0x1.14bcdd1c507a4p-2, 0x1.6c2717afde363p-2, 0x1.e6009f559c41dp-2}};
  static constexpr double kDouble[][16] = {
      {0x1.555eef4a60898p-3, 0x1.55abd8b48a2f7p-3, 0x1.5646357a9f0c3p-3, 0x1.572f1c46d3ba7p-3,
       0x1.5868362649b3ep-3, 0x1.59f3c75387f68p-3, 0x1.5bd4bb8091d18p-3, 0x1.5e0eb62aa6cc7p-3,
       0x1.60a627b6aac4bp-3, 0x1.63a068597a058p-3, 0x1.6703da29ba15dp-3, 0x1.6ad81432bec7fp-3,
       0x1.6f26190828ff0p-3, 0x1.73f89c4582efap-3, 0x1.795c5bb5648fcp-3, 0x1.7f6092c48a5c7p-3},
      {0x1.334a1016564e0p-9, 0x1.ce0210a801f18p-8, 0x1.82cec35577a7bp-7, 0x1.10ace8fbc83adp-6,
       0x1.61e7563fc72b5p-6, 0x1.b5b75cb1421aep-6, 0x1.0665f1bb0a769p-5, 0x1.33f3326eca754p-5,
       0x1.63f015dbc7864p-5, 0x1.96d85e5cd5df2p-5, 0x1.cd3aea1739333p-5, 0x1.03df6185eedb2p-4,
       0x1.2394d18eeec10p-4, 0x1.46343bd219faap-4, 0x1.6c4d56b9087b6p-4, 0x1.9690b6078aae0p-4},
      {0x1.3377ccc7a2d9cp-4, 0x1.359ea82f66794p-4, 0x1.39f7702944973p-4, 0x1.4098baba5c00dp-4,
       0x1.49a59233d0fb2p-4, 0x1.554ef162ce29cp-4, 0x1.63d5e84763135p-4, 0x1.758e930b84ed7p-4,
       0x1.8ae41fdad9da2p-4, 0x1.a45e3ac510c7bp-4, 0x1.c2a85d13c2034p-4, 0x1.e69bb5d92c226p-4,
       0x1.08a65b1f8b13fp-3, 0x1.220ee7148f787p-3, 0x1.406cd8bd3bdd9p-3, 0x1.64ec6258093ffp-3},
      {0x1.6e04ac910f2fap-9, 0x1.145887aee163dp-7, 0x1.d2c206eb7a1aep-7, 0x1.4d5aa392ae59dp-6,
       0x1.b847fa59a76efp-6, 0x1.16522a7cabc5bp-5, 0x1.56ab4b3f4aca3p-5, 0x1.9eec5977a98a7p-5,
       0x1.f1359c801bb84p-5, 0x1.28168b32feab5p-4, 0x1.5f96b756dc8cbp-4, 0x1.a14386fa5819ap-4,
       0x1.efee08dc2b931p-4, 0x1.27a91fe660981p-3, 0x1.623bfb785c96bp-3, 0x1.ab21be85112a7p-3},
      {0x1.6ea062e772515p-5, 0x1.75facb79647c6p-5, 0x1.84fc4bd2776f6p-5, 0x1.9c43968dc1fe7p-5,
       0x1.bccc9bb6c44a5p-5, 0x1.e802e24d6dc9cp-5, 0x1.0fee8a0fcd964p-4, 0x1.33827f75b2d03p-4,
       0x1.608886ef1373fp-4, 0x1.996b7527ea096p-4, 0x1.e1719103e17c7p-4, 0x1.1e8a19d3a5a82p-3,
       0x1.5940fff1ce65cp-3, 0x1.a531db2040cddp-3, 0x1.0442e245ff0a2p-2, 0x1.4614b65111514p-2},
      {0x1.75f5d3133df87p-9, 0x1.1c42cba11f4fbp-7, 0x1.e6aa727523a7fp-7, 0x1.62ae3f529d9f1p-6,
       0x1.e13a63b0326e8p-6, 0x1.3a93e5f18c5fbp-5, 0x1.9326351db4edbp-5, 0x1.ff7080e74a47cp-5,
       0x1.4322bc9d9d08bp-4, 0x1.9877c47db1bb2p-4, 0x1.03141111cea11p-3, 0x1.4aa50547d75e5p-3,
       0x1.a974ffdf26e82p-3, 0x1.1487bbd7696dep-2, 0x1.6bd9860b2db00p-2, 0x1.e58cf07f3fe12p-2},
      {0x1.f4497854eed7ep-6, 0x1.044f4830f5cadp-5, 0x1.1958ae746c1bbp-5, 0x1.3abcb98204fcap-5,
       0x1.6ae7f8f7dfa03p-5, 0x1.ad7d9989ba043p-5, 0x1.03e295aee8678p-4, 0x1.40a9968b8aa1fp-4,
       0x1.928591b85f045p-4, 0x1.00ab7298206c1p-3, 0x1.4c51e268f4cedp-3, 0x1.b4c37a70d2eeep-3,
       0x1.23746d8e4f452p-2, 0x1.8b4f2428017f1p-2, 0x1.10c6fa76bfe38p-1, 0x1.7fa9b0e62a866p-1},
      {0x1.6fc8bb1dcdd1cp-9, 0x1.1a2c00f85cb57p-7, 0x1.ec1178e2e5456p-7, 0x1.708a41c573438p-6,
       0x1.03219049465b8p-5, 0x1.61fe047abdae3p-5, 0x1.dda9ccc7977d0p-5, 0x1.4153a6ff05cc3p-4,
       0x1.b1935594a19adp-4, 0x1.2689cf5dca0f6p-3, 0x1.9421f50ac8cfap-3, 0x1.18acc6125ca8cp-2,
       0x1.8b895dc75516bp-2, 0x1.1b5c1a349c8efp-1, 0x1.9db36e735c81cp-1, 0x1.347ce6653a65ep+0},
      {0x1.71d57eacd7ceep-6, 0x1.8b62807fcbfd0p-6, 0x1.c131efac5cf38p-6, 0x1.0c8bf400efeebp-5,
       0x1.4e77c5c19c195p-5, 0x1.ae19f988abcddp-5, 0x1.1ba93d3f15f7dp-4, 0x1.7e25ed064983cp-4,
       0x1.064141ff33628p-3, 0x1.6e4cb5a92394cp-3, 0x1.044690ff949d3p-2, 0x1.78896d4c151b8p-2,
       0x1.1591b7d87e931p-1, 0x1.a1b2c18de92fbp-1, 0x1.416f6ee2e807fp+0, 0x1.fb39822f76d7ap+0}};
};

// exp(x^2) erfc(x)
struct Erfcx {
  static constexpr int kBits = 2;
  static constexpr double kOffset = 1.0;
  static constexpr double kSingle[][16] = {
      {0x1.78a692138767ap-2, 0x1.23cfc2f1dc7e0p-2, 0x1.d94446d627932p-3, 0x1.8c9eb68ff27d7p-3,
       0x1.3e0a99a0ee914p-3, 0x1.f5b2a049cf4c6p-4, 0x1.9d8a8f2284f2cp-4, 0x1.5f75c42e97171p-4,
       0x1.1ea8c4009b459p-4, 0x1.cbe831f997124p-5, 0x1.7fd46c5e0864dp-5, 0x1.494bb2ce2924fp-5,
       0x1.bf16ef058facfp-1, 0x1.5f28ade3ca4acp-1, 0x1.1d16b5809eaf6p-1, 0x1.db747ee409ac5p-2},
      {-0x1.abaacdbc9c22fp-3, -0x1.0c3d5383a5086p-3, -0x1.6a70d2bae9903p-4, -0x1.030578131aa6dp-4,
       -0x1.5285d2e357a11p-5, -0x1.aa3eb6a72327cp-6, -0x1.238ca71b2f9bfp-6, -0x1.a6e2cf274c248p-7,
       -0x1.1a5881c02d92fp-7, -0x1.6c55c829945dep-8, -0x1.fc477b463e25ap-9, -0x1.76711f8b4ae84p-9,
       -0x1.d1f52e46bbc6ep-1, -0x1.3a5c679d6947bp-1, -0x1.babd0e4f0c431p-2, -0x1.4369f601906bap-2},
      {0x1.b56f45ecf28ecp-4, 0x1.c8d0cef03779ap-5, 0x1.0615670dfbacep-5, 0x1.43b98bac6e817p-6,
       0x1.5d58112c8b91dp-7, 0x1.62c12cb4684a8p-8, 0x1.95252b92b0b17p-9, 0x1.f75ef7a0c88bap-10,
       0x1.14108e522388ep-10, 0x1.1f3df0dce527ap-11, 0x1.4f67f4736a6a5p-12, 0x1.a8b73429a8dbbp-13,
       0x1.84d8493c9bcd9p-1, 0x1.d28c0e116904bp-2, 0x1.2577420fc7c2dp-2, 0x1.80ef8f454902dp-3},
      {-0x1.9b6364eeb0858p-5, -0x1.6cb53416ffa6bp-6, -0x1.6883fb975e778p-7, -0x1.84e9ac4df74c4p-8,
       -0x1.5e5d9880c3c76p-9, -0x1.218ee0519eb2fp-10, -0x1.1597707a8189fp-11, -0x1.287880406f98dp-12,
       -0x1.0bfdff36a0d0dp-13, -0x1.c2c9129b9ef07p-15, -0x1.b92ee1ad273f8p-16, -0x1.e08bf1008868ap-17,
       -0x1.163c196bf9160p-1, -0x1.2e82dc731dafdp-2, -0x1.59c35c637f911p-3, -0x1.9d5869277a74ep-4},
      {0x1.68a26121ea1cap-6, 0x1.13648c93b8ab7p-7, 0x1.da59579184a1fp-9, 0x1.c2c730ef1e37bp-10,
       0x1.563229a630024p-11, 0x1.d0079055ad066p-13, 0x1.774f4b707b4abp-14, 0x1.59b293e834af9p-15,
       0x1.0254e87f9fa31p-16, 0x1.601320f5b228ap-18, 0x1.21338d4081e7cp-19, 0x1.0f30b69880491p-20,
       0x1.6210c6b6f28f3p-2, 0x1.611afbf6e7eebp-3, 0x1.72d46ae17e89bp-4, 0x1.9831c2fd1a4b9p-5},
      {-0x1.298d157f9cef3p-7, -0x1.8bef8ac02e823p-9, -0x1.2bceae974f800p-10, -0x1.f99a40752b580p-12,
       -0x1.45f37a21fc33cp-13, -0x1.6d47e1c958b80p-15, -0x1.f4db082943869p-17, -0x1.8f1fb27902318p-18,
       -0x1.ee73b1dd340b0p-20, -0x1.11ad04fcca195p-21, -0x1.79e201f0b5748p-23, -0x1.31537ea1ce8c6p-24,
       -0x1.99c274416ba06p-3, -0x1.7a145a799a485p-4, -0x1.6fcd10faed09fp-5, -0x1.779cca61c0e38p-6},
      {0x1.d1aa7b00c9d24p-9, 0x1.106753d9d370cp-10, 0x1.6d7355807fc6fp-12, 0x1.1319b9ce09c18p-13,
       0x1.2f6fa9dfe3d11p-15, 0x1.1acd4e2afbce5p-17, 0x1.4a11f888872a1p-19, 0x1.c86ce3bdf0f4dp-21,
       0x1.d62b1d8254bbdp-23, 0x1.a79a9e3fe6bfbp-25, 0x1.ec31fcfab41a4p-27, 0x1.56f0b275b52d3p-28,
       0x1.b5ee9217193f3p-4, 0x1.7847bd0fedb35p-5, 0x1.552eea35e0d02p-6, 0x1.45258adca7133p-7},
      {-0x1.619d21276a346p-10, -0x1.6d3d2e20f26d0p-12, -0x1.b3aed58ae70d2p-14, -0x1.25bd26d72ac48p-15,
       -0x1.1c2249752cae9p-17, -0x1.b77ac17affd8bp-20, -0x1.b41654f5572afp-22, -0x1.056b31c808babp-23,
       -0x1.ca35794070796p-26, -0x1.4d3a2deb124c7p-28, -0x1.4445fa487520ep-30, -0x1.84848b185558ap-32,
       -0x1.b840b9caaef39p-5, -0x1.61c3f200bc7d3p-6, -0x1.2c3acdee0bd6bp-7, -0x1.0c13886bc4fccp-8},
      {0x1.f90a237b13372p-12, 0x1.d14b394e69ef2p-14, 0x1.f1b25235a6790p-16, 0x1.2e99ab4bf24c3p-17,
       0x1.fa66b4213fed9p-20, 0x1.4987ac0897494p-22, 0x1.188ab4f5e5e52p-24, 0x1.256dca2adaa0bp-26,
       0x1.add8c3ddcd674p-29, 0x1.ff1c90a8a2bfap-32, 0x1.a3a2cb8577b29p-34, 0x1.b244b5317361ep-36,
       0x1.9d5ccb424f2f6p-6, 0x1.383b0cbdb7fd0p-7, 0x1.f271b391e2583p-9, 0x1.a2e9a93ac63afp-10}};
  static constexpr double kDouble[][16] = {
      {0x1.78a692138767ap-2, 0x1.23cfc2f1dc7e0p-2, 0x1.d94446d627932p-3, 0x1.8c9eb68ff27d7p-3,
       0x1.3e0a99a0ee914p-3, 0x1.f5b2a049cf4c6p-4, 0x1.9d8a8f2284f2cp-4, 0x1.5f75c42e97171p-4,
       0x1.1ea8c4009b459p-4, 0x1.cbe831f997124p-5, 0x1.7fd46c5e0864dp-5, 0x1.494bb2ce2924fp-5,
       0x1.bf16ef058facfp-1, 0x1.5f28ade3ca4acp-1, 0x1.1d16b5809eaf6p-1, 0x1.db747ee409ac5p-2},
      {-0x1.abaacdbfa8b07p-3, -0x1.0c3d538446447p-3, -0x1.6a70d2bb37411p-4, -0x1.0305781330099p-4,
       -0x1.5285d2eb1ef74p-5, -0x1.aa3eb6a946f7ep-6, -0x1.238ca71b93fc3p-6, -0x1.a6e2cf277a0cbp-7,
       -0x1.1a5881c7389ebp-7, -0x1.6c55c82b4b6b8p-8, -0x1.fc477b46d665ap-9, -0x1.76711f8b6cf4dp-9,
       -0x1.d1f52e46ef826p-1, -0x1.3a5c679d7bb59p-1, -0x1.babd0e4f1a24dp-2, -0x1.4369f60195edcp-2},
      {0x1.b56f45eef7e3fp-4, 0x1.c8d0cef0f8107p-5, 0x1.0615670e25a7ap-5, 0x1.43b98bac83823p-6,
       0x1.5d581133377e1p-7, 0x1.62c12cb5f7555p-8, 0x1.95252b932efdcp-9, 0x1.f75ef7a0fb2dap-10,
       0x1.14108e58a9a1dp-10, 0x1.1f3df0de32f39p-11, 0x1.4f67f473cc4f3p-12, 0x1.a8b73429cebcbp-13,
       0x1.84d8493cb1bcap-1, 0x1.d28c0e1177cd5p-2, 0x1.2577420fcd07dp-2, 0x1.80ef8f454cf88p-3},
      {-0x1.9b635ac624ac6p-5, -0x1.6cb52fe48945cp-6, -0x1.6883f9919a179p-7, -0x1.84e9ab30e6ab3p-8,
       -0x1.5e5d7e98990adp-9, -0x1.218ed930b239ap-10, -0x1.15976ddda3c9dp-11, -0x1.28787f0e7f4c6p-12,
       -0x1.0bfde7c27b378p-13, -0x1.c2c9072e92b7bp-15, -0x1.b92eddb6a4c35p-16, -0x1.e08bef3ab51e3p-17,
       -0x1.163c18bf90dc9p-1, -0x1.2e82dbf846fecp-2, -0x1.59c35c06f7ffep-3, -0x1.9d5868de0b581p-4},
      {0x1.68a25a664836fp-6, 0x1.13648a12017fcp-7, 0x1.da595561f8c9ep-9, 0x1.c2c72fd727ba9p-10,
       0x1.5632136dcfdf2p-11, 0x1.d00785f2fe34fp-13, 0x1.774f4826df938p-14, 0x1.59b29296c5d59p-15,
       0x1.0254d2c631906p-16, 0x1.60131845e29c9p-18, 0x1.21338ab431f6ep-19, 0x1.0f30b59c11299p-20,
       0x1.6210c624bfb5ap-2, 0x1.611afb945d392p-3, 0x1.72d46a9b3f165p-4, 0x1.9831c2c850081p-5},
      {-0x1.299636d6c9209p-7, -0x1.8bf716a8ec6bep-9, -0x1.2bd251bb2f799p-10, -0x1.f99e41ecb0dd4p-12,
       -0x1.460abd6b5aac9p-13, -0x1.6d54b133e1dafp-15, -0x1.f4e46d17a1e30p-17, -0x1.8f23feccb801cp-18,
       -0x1.ee9dcc237103dp-20, -0x1.11b748bb190d3p-21, -0x1.79e921ac696d1p-23, -0x1.3156aeb80815ap-24,
       -0x1.99c4e0953b127p-3, -0x1.7a16147a55ab2p-4, -0x1.6fce5df0ba15ep-5, -0x1.779dd2a3da265p-6},
      {0x1.d1b69597f0c3dp-9, 0x1.106bd5bb7a2eep-10, 0x1.6d7743d0ced6cp-12, 0x1.131bb1602174ep-13,
       0x1.2f839defbf63dp-15, 0x1.1ad6a31498c35p-17, 0x1.4a17e192d447ap-19, 0x1.c871a15a43635p-21,
       0x1.d6521ce7041a6p-23, 0x1.a7aa39c93da5cp-25, 0x1.ec3b263ae816ep-27, 0x1.56f43e550da80p-28,
       0x1.b5f0a024145dcp-4, 0x1.78491fa6f7f5ep-5, 0x1.552fe6ffdeb0fp-6, 0x1.452648d612d72p-7},
      {-0x1.5b8bc9419d840p-10, -0x1.68388845b02b1p-12, -0x1.aed7ebc6d4759p-14, -0x1.2312b2588053ep-15,
       -0x1.146bc3b72634ap-17, -0x1.aef8ea2825beap-20, -0x1.add7ac91b071bp-22, -0x1.028f4644d2ebbp-23,
       -0x1.bc4349406679dp-26, -0x1.4669c83e9ac02p-28, -0x1.3f89d9a1a8d0ep-30, -0x1.8046e788e9964p-32,
       -0x1.b506ac15502bap-5, -0x1.5f77477a14f54p-6, -0x1.2a7f4fb794306p-7, -0x1.0ab3832b8b5dfp-8},
      {0x1.f0fe8a88d3cd7p-12, 0x1.cb4c7627a9281p-14, 0x1.ec774509181bap-16, 0x1.2bfb5df4d61e0p-17,
       0x1.ed2b25c545409p-20, 0x1.43551f4037b8bp-22, 0x1.149ce494d441ap-24, 0x1.22467fa851be1p-26,
       0x1.a0ee11b96670ap-29, 0x1.f4c03e6f5fd2cp-32, 0x1.9d8c10f4b6b07p-34, 0x1.ad8cf9b9b1edap-36,
       0x1.9aa036c41a054p-6, 0x1.3662c3031cb11p-7, 0x1.efd03d10f7ac6p-9, 0x1.a0ef7f72b6698p-10},
      {-0x1.55c08c80d2503p-13, -0x1.1b2919f9d4442p-15, -0x1.117a6a5f5a9a8p-17, -0x1.2da32c584b240p-19,
       -0x1.af5dd63878f3cp-22, -0x1.de0985254e968p-25, -0x1.60002e1ef0109p-27, -0x1.43003b18e1c43p-29,
       -0x1.84c8a36d2e9f3p-32, -0x1.7e6cf35b91d06p-35, -0x1.0ac37b4f40ff1p-37, -0x1.df04f5d7e453dp-40,
       -0x1.6da7b368f422dp-7, -0x1.04aee6c826dc3p-8, -0x1.88ef9a04d0a19p-10, -0x1.37fe711139064p-11},
      {0x1.c55c924775cc5p-15, 0x1.5269f21f31c3cp-17, 0x1.27a9379f9d083p-19, 0x1.2852bb5b7ada2p-21,
       0x1.721b31a16be1fp-24, 0x1.5c4a449ee453dp-27, 0x1.baf6971d5b9c3p-30, 0x1.64477e3cbb2c5p-32,
       0x1.67f68236aa519p-35, 0x1.22b081f789b4bp-38, 0x1.570410319a3d5p-41, 0x1.0a6f061f632a5p-43,
       0x1.3635c2eeaedaap-8, 0x1.a267503a59773p-10, 0x1.2a69625e9a574p-11, 0x1.c0b1e01cd722fp-13},
      {-0x1.22f10017ec710p-16, -0x1.88f0ad9976924p-19, -0x1.37b3d0ebc0d92p-21, -0x1.1ccbd4b77374fp-23,
       -0x1.381bbf4ef7a2ep-26, -0x1.f4c4d68de7790p-30, -0x1.13ce55f015bd9p-32, -0x1.85b76e23be8aap-35,
       -0x1.4b850132284dcp-38, -0x1.b836502e079ccp-42, -0x1.b7c9f54e8a3f8p-45, -0x1.27b970b7fc10bp-47,
       -0x1.f7a6329214448p-10, -0x1.421d0e650ea19p-11, -0x1.b3e48618f56fbp-13, -0x1.3709745c45a57p-14},
      {0x1.71368494f04cfp-18, 0x1.c3515d18ecf45p-21, 0x1.4549d09bbbc55p-23, 0x1.0f2b20b252eb3p-25,
       0x1.0c53817265dbep-28, 0x1.6cee7cc8c027ep-32, 0x1.5ae57d91ad3bfp-35, 0x1.ad86aabd11692p-38,
       0x1.3dc50bc55b9cdp-41, 0x1.566e80901974cp-45, 0x1.1f6d9ef303651p-48, 0x1.4d042da95bf96p-51,
       0x1.8b92bb55c2476p-11, 0x1.e0981e6774216p-13, 0x1.34f8a4a18a180p-14, 0x1.a32a96f5de262p-16},
      {-0x1.bde45264f2361p-20, -0x1.f0bcbed45e35cp-23, -0x1.47399628bd723p-25, -0x1.f44283867051ep-28,
       -0x1.b52b88aa6a398p-31, -0x1.fee5cbcae7c93p-35, -0x1.a7111368968b7p-38, -0x1.ce1abffccf1e2p-41,
       -0x1.2101d46a0016cp-44, -0x1.010e8d2a61314p-48, -0x1.6e393186f5167p-52, -0x1.6fe388e2cfdd5p-55,
       -0x1.28e74a2b0d239p-12, -0x1.578c905fd39c1p-14, -0x1.a4d0573fb9b44p-16, -0x1.10079ffdcee25p-17}};
};

// erfinv(x) / x of w = -log(1 - x^2)
struct InverseErf {
  static constexpr int kBits = 1;
  static constexpr double kOffset = 4.0;
  static constexpr double kSingle[][16] = {
      {0x1.9284b741896fdp+4, 0x1.dcfbe3cd6047cp+4, 0x1.209b9bb73e395p+0, 0x1.9fa072ed72dbbp+0,
       0x1.24a98e2365831p+1, 0x1.7f749a88cbb06p+1, 0x1.eb7e0914cbf1bp+1, 0x1.2fdcadae08fecp+2,
       0x1.7708d123a9941p+2, 0x1.c53e14276ba45p+2, 0x1.13345247b8628p+3, 0x1.4920625f921eep+3,
       0x1.8c980f1361134p+3, 0x1.d7da85d7771ccp+3, 0x1.1b2e12e7feb5ap+4, 0x1.5007517be9a79p+4},
      {0x1.455f881856de6p-6, 0x1.12a393fc33e32p-6, 0x1.fb8fccc606fc3p-3, 0x1.eedbebdce4f3bp-3,
       0x1.990bb0407e53fp-3, 0x1.452f4556e5588p-3, 0x1.026e265b56deap-3, 0x1.a65c744638c54p-4,
       0x1.589ca447571fep-4, 0x1.1e62f4467e061p-4, 0x1.d91d6fe7d7430p-5, 0x1.8c62c28bc357cp-5,
       0x1.496dbe87a4b2cp-5, 0x1.15258a1e9d885p-5, 0x1.ce1f4e2a3173fp-6, 0x1.859f1268d99b8p-6},
      {-0x1.06996ff295dc2p-17, -0x1.3be8e421b215bp-18, 0x1.16931131bc2e5p-8, -0x1.780def1d73687p-8,
       -0x1.b39b6a627621ap-8, -0x1.f30b43e89b8f9p-9, -0x1.ffb341020cab8p-10, -0x1.19c2fc780128ap-10,
       -0x1.340b1125cbe1dp-11, -0x1.63085bb1463b4p-12, -0x1.915ab0d8eba1fp-13, -0x1.d8faf00a6374ep-14,
       -0x1.0fe290956a500p-14, -0x1.44167675caee2p-15, -0x1.77e009964ddcep-16, -0x1.c2be3e59be398p-17},
      {0x1.a7a6b128d21cbp-28, 0x1.6b3f2ab104e8cp-29, -0x1.3779be7f84299p-9, -0x1.b6666ae716c9cp-11,
       0x1.0c120a710a5c5p-12, 0x1.67b3b020f3049p-13, 0x1.f17681c3c8fb7p-15, 0x1.7342f24a6ce2fp-16,
       0x1.10fb8e59f6de1p-17, 0x1.b57181c3fa3edp-19, 0x1.5307b53e530b0p-20, 0x1.1955928fc3059p-21,
       0x1.bfd6e009aa7cbp-23, 0x1.7a68fc8d66e79p-24, 0x1.31675ded1df12p-25, 0x1.048818b279d62p-26},
      {-0x1.ab09e6c3c1e18p-38, -0x1.04fd5eeb825edp-39, 0x1.a3f0ec82628afp-14, 0x1.9912c0cce5db8p-13,
       0x1.dae82bc06221bp-17, -0x1.19882d07e447cp-17, -0x1.2a9e25cfaf13dp-19, -0x1.2f995db7c54c5p-21,
       -0x1.2ce4e110018aep-23, -0x1.4faae69369175p-25, -0x1.651625301b91ap-27, -0x1.a19af42284a5ap-29,
       -0x1.cc76ba500cad9p-31, -0x1.13e6d47224797p-32, -0x1.35fca2e84932cp-34, -0x1.784d8b60b0a2cp-36},
      {0x1.e2033b4660c8ep-48, 0x1.a3fa1179e575fp-50, 0x1.4075ea8cb8bb6p-15, -0x1.aab17e7e2f6a1p-17,
       -0x1.5fddb95bc4a5bp-18, 0x1.3d1332182a074p-22, 0x1.8b30a9b010421p-24, 0x1.14bca244caca4p-26,
       0x1.72365d9d123c0p-29, 0x1.1fc50543346e1p-31, 0x1.a483eb340fca0p-34, 0x1.5ab300da470ddp-36,
       0x1.08e6db21ef6ffp-38, 0x1.c2519ef597ac2p-41, 0x1.603f7fe4d8a2bp-43, 0x1.304658e4acd6dp-45},
      {-0x1.2367ed67c81d0p-57, -0x1.69ff5cc94a2cdp-60, -0x1.1eecad3694961p-18, -0x1.d53b37e7cb2ddp-20,
       0x1.7e568400d40c8p-21, 0x1.5dda75f2a0231p-27, -0x1.0ef89502478f6p-28, -0x1.0d48d600cb0f0p-31,
       -0x1.e6c6d9a126880p-35, -0x1.07d592f2a2d85p-37, -0x1.08ee576658967p-40, -0x1.3418009bd47bfp-43,
       -0x1.46554bd858317p-46, -0x1.898e070452b53p-49, -0x1.acb454dc95e45p-52, -0x1.078aabb736a75p-54},
      {0x1.702a2d7e96916p-67, 0x1.46a622f7da2d7p-70, -0x1.2f772d992b039p-21, 0x1.e33e3c48f7c71p-22,
       -0x1.c347177159de5p-25, -0x1.fd3f24a2787b4p-29, 0x1.6af7dda11173bp-33, 0x1.115f0bcb3f5c3p-36,
       0x1.4d71c8b60c580p-40, 0x1.f9ac7cf1a49cfp-44, 0x1.5c55babcee02dp-47, 0x1.1e67dd99d5e95p-50,
       0x1.a3cf243b52e19p-54, 0x1.67f345b844c3ap-57, 0x1.10890fb82bda2p-60, 0x1.dddeb49e7ebb5p-64},
      {-0x1.e208829311a90p-77, -0x1.30f209c3e0133p-80, 0x1.064b04702ea34p-23, -0x1.9626fed2bd45cp-26,
       -0x1.f187132e791e7p-32, 0x1.0edc372e95b26p-31, -0x1.9aafa05fbe95cp-38, -0x1.1e189eedb96dcp-41,
       -0x1.d91da11f5b96bp-46, -0x1.f4dbefd3e1d7ap-50, -0x1.da7415d183524p-54, -0x1.1350e7491fd0ap-57,
       -0x1.17c9ee1ec49b2p-61, -0x1.5486af267f407p-65, -0x1.6712f91d3fb7cp-69, -0x1.c0339b26ef259p-73},
      {0x1.60a31ca42cba4p-86, 0x1.30ad5d5f7637ep-90, 0x1.a10ba87241578p-28, -0x1.7cc5cf029e991p-28,
       0x1.b3fc369856035p-31, -0x1.a51ec05b0d96fp-35, -0x1.41df2e10c2482p-47, 0x1.405bf332001e3p-46,
       0x1.7c58e9554ddeap-51, 0x1.0a9d85126d7a5p-55, 0x1.6b6ef5df0e236p-60, 0x1.1bd2e8d6072f6p-64,
       0x1.a1f4a3a0e33d6p-69, 0x1.59174f517df7ap-73, 0x1.089a3da773f65p-77, 0x1.c20adf71005b3p-82},
      {-0x1.e42eb110a830fp-96, -0x1.29e62a1e52564p-100, -0x1.86f94ead8ab76p-29, 0x1.2441395137c87p-30,
       -0x1.ca000681504c0p-34, 0x1.c25cc3182019ap-39, 0x1.628aa93fa4ccdp-46, -0x1.55fd40112eef0p-51,
       -0x1.1a610dfaacc22p-56, -0x1.141c17f19becfp-61, -0x1.034768a68e841p-66, -0x1.1d81944011949p-71,
       -0x1.23f8e313f8d3ep-76, -0x1.55cb4a2190ae0p-81, -0x1.6d88dbb0dd1e2p-86, -0x1.ba0713f11c3d6p-91}};
  static constexpr double kDouble[][16] = {
      {0x1.9284b741896fdp+4, 0x1.dcfbe3cd6047cp+4, 0x1.209b9bb73e395p+0, 0x1.9fa072ed72dbbp+0,
       0x1.24a98e2365831p+1, 0x1.7f749a88cbb06p+1, 0x1.eb7e0914cbf1bp+1, 0x1.2fdcadae08fecp+2,
       0x1.7708d123a9941p+2, 0x1.c53e14276ba45p+2, 0x1.13345247b8628p+3, 0x1.4920625f921eep+3,
       0x1.8c980f1361134p+3, 0x1.d7da85d7771ccp+3, 0x1.1b2e12e7feb5ap+4, 0x1.5007517be9a79p+4},
      {0x1.455f881839db9p-6, 0x1.12a393fc3317bp-6, 0x1.fb8fccc606520p-3, 0x1.eedbebdce73e6p-3,
       0x1.990bb03e16471p-3, 0x1.452f4556f101cp-3, 0x1.026e265c38c40p-3, 0x1.a65c744634edap-4,
       0x1.589ca4470e02fp-4, 0x1.1e62f4467c770p-4, 0x1.d91d6fe796b82p-5, 0x1.8c62c28bc1c6dp-5,
       0x1.496dbe87811aap-5, 0x1.15258a1e9c9bfp-5, 0x1.ce1f4e2a05626p-6, 0x1.859f1268d86c5p-6},
      {-0x1.06996ff243ea9p-17, -0x1.3be8e421aee32p-18, 0x1.16931130fad01p-8, -0x1.780def1d3f26bp-8,
       -0x1.b39b6a6621b01p-8, -0x1.f30b43e87ac73p-9, -0x1.ffb3410b7b60fp-10, -0x1.19c2fc77f99eap-10,
       -0x1.340b1124ed015p-11, -0x1.63085bb13f988p-12, -0x1.915ab0d82e5e5p-13, -0x1.d8faf00a5cf9ep-14,
       -0x1.0fe29095040dcp-14, -0x1.44167675c72aep-15, -0x1.77e00995d0a4fp-16, -0x1.c2be3e59b9701p-17},
      {0x1.a7a6b36c20410p-28, 0x1.6b3f2ad0c6e99p-29, -0x1.3779be7c1cf0ap-9, -0x1.b6666b152b495p-11,
       0x1.0c122299eb913p-12, 0x1.67b3af371dea4p-13, 0x1.f1767032ed8a2p-15, 0x1.7342f29739327p-16,
       0x1.10fb9133c1bffp-17, 0x1.b5718202476f4p-19, 0x1.5307b7c2a7caep-20, 0x1.195592af0ff0cp-21,
       0x1.bfd6e2d06509dp-23, 0x1.7a68fcb24e263p-24, 0x1.31675fa519d57p-25, 0x1.048818ca24893p-26},
      {-0x1.ab09e9f5e0cbap-38, -0x1.04fd5f0b75948p-39, 0x1.a3f0f04a356d8p-14, 0x1.9912c04a3f497p-13,
       0x1.dae8501265528p-17, -0x1.19882daaa87efp-17, -0x1.2a9e0e4f3cb25p-19, -0x1.2f995e032402ep-21,
       -0x1.2ce4e56850ffap-23, -0x1.4faae6d5b4b31p-25, -0x1.651628e0cb05ep-27, -0x1.a19af463443b7p-29,
       -0x1.cc76be4cf0fdfp-31, -0x1.13e6d497bd2f2p-32, -0x1.35fca5595cc1cp-34, -0x1.784d8b90855b7p-36},
      {0x1.e20013879d00ep-48, 0x1.a3f9b8bca8facp-50, 0x1.4075e58056bcep-15, -0x1.aab13d1c4d435p-17,
       -0x1.5fe643f687378p-18, 0x1.3d15c53866069p-22, 0x1.8b3ccfb3facc4p-24, 0x1.14bc36ed4caffp-26,
       0x1.723264b6d259cp-29, 0x1.1fc4ae3da2544p-31, 0x1.a48069129ae23p-34, 0x1.5ab2a966d0611p-36,
       0x1.08e4ebb47275bp-38, 0x1.c25137d908af8p-41, 0x1.603d1a705b480p-43, 0x1.304616c37add7p-45},
      {-0x1.2365b314e68f0p-57, -0x1.69ff03837d2f5p-60, -0x1.1eee00d6546aep-18, -0x1.d539ca0586d6cp-20,
       0x1.7e536c6971691p-21, 0x1.5dddf4eee4031p-27, -0x1.0f08e4054da06p-28, -0x1.0d486c8f5e5a6p-31,
       -0x1.e6c0cbd72ebb0p-35, -0x1.07d53659fb646p-37, -0x1.08ebc50dcdfc9p-40, -0x1.3417a6295b27ep-43,
       -0x1.465284442f1dfp-46, -0x1.898d9df904570p-49, -0x1.acb0ed67904dcp-52, -0x1.078a68e4d6244p-54},
      {0x1.710f15ef7e92ep-67, 0x1.46d8a298dee68p-70, -0x1.2f73f6c42c345p-21, 0x1.e32b0d5365e8cp-22,
       -0x1.c0c9d141bd805p-25, -0x1.fdfdf97db95b2p-29, 0x1.6794d0e068b45p-33, 0x1.119c2e8392272p-36,
       0x1.4e91946279534p-40, 0x1.fa0f7b660dc17p-44, 0x1.5d54174c0dc84p-47, 0x1.1e999e93e01c7p-50,
       0x1.a4e7dcd475e7fp-54, 0x1.682df18d8adcep-57, 0x1.1136e46e5bea0p-60, 0x1.de29f79b2ee95p-64},
      {-0x1.e34bb629299e1p-77, -0x1.3124d60bf8eafp-80, 0x1.06ac906c45839p-23, -0x1.96f823c78e69ap-26,
       -0x1.e42f92011ac8dp-32, 0x1.0ebd6f54f2f22p-31, -0x1.9187a0dea9f59p-38, -0x1.1e54c91ffba60p-41,
       -0x1.dad42d36d5488p-46, -0x1.f5454363ead7cp-50, -0x1.dbe8ee9b33e3dp-54, -0x1.13845b8a4ed67p-57,
       -0x1.18937fa818901p-61, -0x1.54c2733c80c8bp-65, -0x1.6809e0275868bp-69, -0x1.c07fa6316e0b9p-73},
      {0x1.4486eb1fd9d5ep-86, 0x1.242a6a3ea42ccp-90, 0x1.9f1335dec9f54p-28, -0x1.77b3a3c2d01cap-28,
       0x1.8a78ed61d45fep-31, -0x1.98db76079dfeep-35, 0x1.7258d37db1fe8p-44, 0x1.312f8df088fbap-46,
       0x1.591bc10899a8fp-51, 0x1.fcbaded0796c4p-56, 0x1.4c3d940b0fb5ep-60, 0x1.0f80ce47bff77p-64,
       0x1.7f80fa60b69aep-69, 0x1.4a8ed84758097p-73, 0x1.e6855541b11e6p-78, 0x1.af65a9cb448a1p-82},
      {-0x1.bc814e612ec9cp-96, -0x1.1d50ca019c760p-100, -0x1.9fa3dc4e31333p-29, 0x1.3155aa90fa3afp-30,
       -0x1.d59ad6d8fbbfbp-34, 0x1.c96b50e7b6b3fp-39, 0x1.ab44ffd3ad47bp-47, -0x1.46ff8c6139d0ap-51,
       -0x1.ff13818cc0549p-57, -0x1.07140311cca81p-61, -0x1.d8d9544c3a7abp-67, -0x1.10c4454f4b8b3p-71,
       -0x1.0b3dfa9ce08fcp-76, -0x1.46fe13ac31940p-81, -0x1.4f3affb3e99e4p-86, -0x1.a731281e74894p-91},
      {0x1.3547bb0ebf828p-105, 0x1.1b1466b5365e5p-110, 0x1.23b3a8ad1c254p-36, -0x1.146b5d37ab6cfp-35,
       0x1.0f5f0e6cb69c0p-37, -0x1.350fac6429128p-43, -0x1.f0fee5156be19p-50, 0x1.5910e5fa059e0p-56,
       0x1.801acfb9a989ap-62, 0x1.143d57cd79906p-67, 0x1.55afb7e7b6184p-73, 0x1.16504d58f0005p-78,
       0x1.7a502ed86764bp-84, 0x1.4894cdd86395cp-89, 0x1.d54fbc75a8966p-95, 0x1.a5c139c4627f3p-100},
      {-0x1.b42c3a114c97ep-115, -0x1.1c8de94332d75p-120, 0x1.29435d2783334p-34, -0x1.30e3acb27630dp-36,
       0x1.1d3855c4ed38bp-43, -0x1.da501415af528p-49, 0x1.687cdf4731fd2p-53, -0x1.58f4afa691cfdp-61,
       -0x1.24593dcca687cp-67, -0x1.25b1067af0333p-73, -0x1.f447bded2914ep-80, -0x1.1f9d73b265fe2p-85,
       -0x1.0f548841ba761p-91, -0x1.4e78783de75fap-97, -0x1.4ce8a25794dafp-103, -0x1.a9d3f6e408458p-109},
      {0x1.36d0ea0a2e7ebp-124, 0x1.21276ed45fa4ap-130, -0x1.0636947f0a4dbp-38, 0x1.7bd6f1154fdc6p-39,
       -0x1.0414171b9a809p-43, 0x1.98159b1fffdd4p-50, -0x1.a7e975a854afap-57, 0x1.2aeee7f03ef06p-66,
       0x1.c1370c16b7bd8p-73, 0x1.3b76f05c90917p-79, 0x1.71efee1cb4583p-86, 0x1.2c601908fc463p-92,
       0x1.893b104fedf00p-99, 0x1.5820e625dfa71p-105, 0x1.dd426749f925ep-112, 0x1.b29b081be217dp-118},
      {-0x1.ba20a16ae55c8p-134, -0x1.27c494182e072p-140, -0x1.7f833d67b12a7p-40, 0x1.17f8e0dcc9851p-47,
       0x1.2b71dd32819d2p-46, -0x1.96a45079e334fp-53, 0x1.acf9ce5a9b459p-61, -0x1.4bf90870f639cp-72,
       -0x1.56fb5385490cep-78, -0x1.54aff5eeaf40ep-85, -0x1.106be1f961a09p-92, -0x1.3b971c04f42dap-99,
       -0x1.1c203f41c3f7bp-106, -0x1.644f7719d0ecdp-113, -0x1.5554effdaa710p-120, -0x1.be73d6985f19dp-127},
      {0x1.406996da9a9d5p-143, 0x1.31baff5e243bep-150, 0x1.5665f3758f5fcp-43, -0x1.dd54f2e831b73p-45,
       -0x1.3d12def691254p-50, 0x1.144b00426952ap-56, -0x1.77af52ac2f37fp-65, -0x1.1c4395be4d9e0p-77,
       0x1.0b63e510b8205p-83, 0x1.73e3641b307efp-91, 0x1.99719077af88ap-99, 0x1.4f19a61e9d9b7p-106,
       0x1.a2a1d4bae34a8p-114, 0x1.74d49f1e7d90dp-121, 0x1.f1974305263dap-129, 0x1.cf790c056f7fap-136},
      {-0x1.14041096fb318p-152, -0x1.58feffa960002p-160, 0x1.977058e5cbfccp-46, 0x1.937bf41af4498p-48,
       -0x1.6ad12f3a53ff9p-54, -0x1.e2503910bdf1ep-61, 0x1.0066a1f2c3b43p-69, 0x1.f5c37b628feacp-80,
       -0x1.f65d65f50cca3p-89, -0x1.bf39ec4f1c38ap-97, -0x1.7295c5da661c1p-105, -0x1.861ea67ed790fp-113,
       -0x1.70b96814e9a6dp-121, -0x1.aab3228e9455dp-129, -0x1.affd2409b4584p-137, -0x1.06cc9975ac94dp-144},
      {0x1.95fc93c141b8dp-162, 0x1.698f470470dd6p-170, -0x1.2ea0bcb671efdp-48, 0x1.754310b7ea1d9p-52,
       0x1.872e4d219704fp-56, 0x1.9a7fed2477cf4p-67, -0x1.73bacff635ea0p-75, -0x1.0edbcd8f5546dp-83,
       0x1.85b199ca0dacep-94, 0x1.ee928e01520dep-103, 0x1.1a7977da689edp-111, 0x1.a3cdc49bb2faap-120,
       0x1.1398aa4245874p-128, 0x1.c4958923dab8ep-137, 0x1.3f82f37f07712p-145, 0x1.1494adef02adfp-153}};
};

// tanh(x) / x, x < 9.1; the numbers that x is taken from, then the coefficients
struct TanhOverXSingle {
  static constexpr int kBits = 2;
  static constexpr float kOffset = 0.75f;
  static constexpr float kFloat[][16] = {
      {0x1.7fa8000000000p+0f, 0x1.ffd0000000000p+0f, 0x1.401c000000000p+1f, 0x1.800c000000000p+1f,
       0x1.e1c8000000000p+1f, 0x1.2f4c000000000p+2f, 0x1.70ac000000000p+2f, 0x1.b094000000000p+2f,
       0x1.0788000000000p+3f, 0x0.0p+0f, 0x1.f800000000000p-5f, 0x1.7d90000000000p-3f, 0x1.7ce0000000000p-2f,
       0x1.3e80000000000p-1f, 0x1.be30000000000p-1f, 0x1.2018000000000p+0f},
      {0x1.3526ae0000000p-1f, 0x1.edbc860000000p-2f, 0x1.93fd0a0000000p-2f, 0x1.539aea0000000p-2f,
       0x1.0fc3ba0000000p-2f, 0x1.b017600000000p-3f, 0x1.63848c0000000p-3f, 0x1.2f00480000000p-3f,
       0x1.f15e2e0000000p-4f, 0x0.0p+0f, 0x1.ff5ae00000000p-1f, 0x1.fa28340000000p-1f, 0x1.e9a0580000000p-1f,
       0x1.c6cba20000000p-1f, 0x1.9c81ae0000000p-1f, 0x1.7042700000000p-1f},
      {-0x1.20cc220000000p-2f, -0x1.a5712a0000000p-3f, -0x1.2d57100000000p-3f, -0x1.b74ae80000000p-4f,
       -0x1.1e78b40000000p-4f, -0x1.6c2e520000000p-5f, -0x1.ed9e800000000p-6f, -0x1.669e920000000p-6f,
       -0x1.e3272e0000000p-7f, 0x0.0p+0f, -0x1.4efc220000000p-5f, -0x1.eeea2c0000000p-4f,
       -0x1.c804f80000000p-3f, -0x1.3eb1a80000000p-2f, -0x1.5eeab60000000p-2f, -0x1.54b4060000000p-2f},
      {0x1.42cdbc0000000p-4f, 0x1.19de260000000p-4f, 0x1.8c2e3a0000000p-5f, 0x1.0a0a820000000p-5f,
       0x1.2718180000000p-6f, 0x1.3146200000000p-7f, 0x1.564f640000000p-8f, 0x1.a85ba60000000p-9f,
       0x1.d556040000000p-10f, 0x0.0p+0f, -0x1.523e900000000p-2f, -0x1.39def60000000p-2f,
       -0x1.e4b0400000000p-3f, -0x1.de35ce0000000p-4f, -0x1.f441fc0000000p-7f, 0x1.86370a0000000p-5f},
      {0x1.8fd7ca0000000p-8f, -0x1.b4ec880000000p-7f, -0x1.9b09020000000p-7f, -0x1.1bf6c20000000p-7f,
       -0x1.20bcba0000000p-8f, -0x1.f808460000000p-10f, -0x1.d8f6b80000000p-11f, -0x1.f5b3920000000p-12f,
       -0x1.c7ca140000000p-13f, 0x0.0p+0f, 0x1.0abfa20000000p-5f, 0x1.7b800a0000000p-4f,
       0x1.346b2a0000000p-3f, 0x1.4053e60000000p-3f, 0x1.c430a40000000p-4f, 0x1.cd20ac0000000p-5f},
      {-0x1.53750e0000000p-6f, -0x1.2c0d180000000p-9f, 0x1.d893600000000p-10f, 0x1.dfe52e0000000p-10f,
       0x1.015a780000000p-10f, 0x1.92f1780000000p-12f, 0x1.43935c0000000p-13f, 0x1.27c6ae0000000p-14f,
       0x1.baacfe0000000p-16f, 0x0.0p+0f, 0x1.0ad5b00000000p-3f, 0x1.b6475a0000000p-4f, 0x1.7b2d340000000p-5f,
       -0x1.d274ac0000000p-6f, -0x1.c86ec00000000p-5f, -0x1.8266e80000000p-5f},
      {0x1.87ad8e0000000p-7f, 0x1.d811ec0000000p-9f, 0x1.d1749a0000000p-12f, -0x1.a0df720000000p-13f,
       -0x1.856c860000000p-13f, -0x1.33587e0000000p-14f, -0x1.b6baf60000000p-16f, -0x1.5da6900000000p-17f,
       -0x1.b8749c0000000p-19f, 0x0.0p+0f, -0x1.40954e0000000p-6f, -0x1.afcc820000000p-5f,
       -0x1.1f5fa40000000p-4f, -0x1.591f540000000p-5f, -0x1.10992e0000000p-8f, 0x1.b618d20000000p-7f},
      {-0x1.9ce7380000000p-9f, -0x1.e5a5360000000p-10f, -0x1.e7281e0000000p-12f, -0x1.ea8c080000000p-15f,
       0x1.9369300000000p-16f, 0x1.9f66220000000p-17f, 0x1.1eacc80000000p-18f, 0x1.97acea0000000p-20f,
       0x1.a4d6440000000p-22f, 0x0.0p+0f, -0x1.a59b6e0000000p-5f, -0x1.1aeaca0000000p-5f,
       0x1.756ec80000000p-9f, 0x1.cd3b140000000p-6f, 0x1.39953c0000000p-6f, 0x1.2a88d40000000p-8f}};
};

// erf(x) / x, x < 3.95; the numbers that x is taken from, then the coefficients
struct ErfOverXSingle {
  static constexpr int kBits = 3;
  static constexpr float kOffset = 1.5f;
  static constexpr float kFloat[][16] = {
      {0x1.3f40000000000p-1f, 0x1.be08000000000p-1f, 0x1.1f30000000000p+0f, 0x1.5f10000000000p+0f,
       0x1.9fd4000000000p+0f, 0x1.e098000000000p+0f, 0x1.0fac000000000p+1f, 0x1.2fb8000000000p+1f,
       0x1.6048000000000p+1f, 0x1.9ffc000000000p+1f, 0x1.e100000000000p+1f, 0x0.0p+0f, 0x1.0040000000000p-4f,
       0x1.7ea0000000000p-3f, 0x1.3f40000000000p-2f, 0x1.be40000000000p-2f},
      {0x1.fed6d40000000p-1f, 0x1.cba1920000000p-1f, 0x1.94ff1e0000000p-1f, 0x1.61c5d60000000p-1f,
       0x1.34653a0000000p-1f, 0x1.0e90de0000000p-1f, 0x1.e12b260000000p-2f, 0x1.af37280000000p-2f,
       0x1.7407860000000p-2f, 0x1.3b16600000000p-2f, 0x1.107fba0000000p-2f, 0x0.0p+0f, 0x1.207d180000000p+0f,
       0x1.1d89fe0000000p+0f, 0x1.17c5cc0000000p+0f, 0x1.0f93340000000p+0f},
      {-0x1.7e5fbe0000000p-2f, -0x1.b241460000000p-2f, -0x1.ad6e9e0000000p-2f, -0x1.8374e00000000p-2f,
       -0x1.48e0fa0000000p-2f, -0x1.0e1b960000000p-2f, -0x1.b95f840000000p-3f, -0x1.67f8840000000p-3f,
       -0x1.0deb760000000p-3f, -0x1.83c7120000000p-4f, -0x1.220f720000000p-4f, 0x0.0p+0f,
       -0x1.80a01e0000000p-5f, -0x1.19e08e0000000p-3f, -0x1.c5400c0000000p-3f, -0x1.2be9a80000000p-2f},
      {-0x1.540a5e0000000p-3f, -0x1.53d5a20000000p-5f, 0x1.b467480000000p-5f, 0x1.a94e600000000p-4f,
       0x1.df8c920000000p-4f, 0x1.b74ea80000000p-4f, 0x1.6ccff60000000p-4f, 0x1.1ed51e0000000p-4f,
       0x1.838ef80000000p-5f, 0x1.dccc940000000p-6f, 0x1.34bcd80000000p-6f, 0x0.0p+0f, -0x1.7e72340000000p-2f,
       -0x1.6973700000000p-2f, -0x1.41883a0000000p-2f, -0x1.0b65ce0000000p-2f},
      {0x1.6715180000000p-3f, 0x1.37df520000000p-3f, 0x1.8d4c080000000p-4f, 0x1.45d3d80000000p-5f,
       -0x1.53478e0000000p-10f, -0x1.5ee00a0000000p-6f, -0x1.ae655a0000000p-6f, -0x1.83eb420000000p-6f,
       -0x1.0962c20000000p-6f, -0x1.2374440000000p-7f, -0x1.487cca0000000p-8f, 0x0.0p+0f,
       0x1.cc7bc40000000p-6f, 0x1.4b50a60000000p-4f, 0x1.008c1a0000000p-3f, 0x1.4093640000000p-3f},
      {0x1.30417a0000000p-9f, -0x1.67b22c0000000p-5f, -0x1.ee32300000000p-5f, -0x1.9f5b1a0000000p-5f,
       -0x1.e8f5940000000p-6f, -0x1.6cc2740000000p-7f, -0x1.aa475c0000000p-13f, 0x1.1d94340000000p-8f,
       0x1.32aa5e0000000p-8f, 0x1.5cdabc0000000p-9f, 0x1.5eeac20000000p-10f, 0x0.0p+0f, 0x1.c71dae0000000p-4f,
       0x1.95d5fa0000000p-4f, 0x1.3ae5dc0000000p-4f, 0x1.8bc0680000000p-5f},
      {-0x1.7d051c0000000p-5f, -0x1.a315060000000p-6f, -0x1.62c68c0000000p-11f, 0x1.d7de220000000p-7f,
       0x1.1558200000000p-6f, 0x1.8b4a560000000p-7f, 0x1.83f0cc0000000p-8f, 0x1.b7c0e20000000p-10f,
       -0x1.64b0f40000000p-11f, -0x1.78119e0000000p-11f, -0x1.749e360000000p-12f, 0x0.0p+0f,
       -0x1.474d360000000p-7f, -0x1.cfb8180000000p-6f, -0x1.5813f20000000p-5f, -0x1.9289a20000000p-5f}};
};

// 1 / m for a number m of each sixteenth of [1, 2), short enough for exact products with a float, and log m,
// also in two parts, the first of 33 bits. At both ends powers of two, so that logarithms near 0 keep their
// precision.
struct LogTable {
  static constexpr double kInverse[] = {
      0x1.0000000000000p+0, 0x1.d41d400000000p-1, 0x1.bacf800000000p-1, 0x1.a41a400000000p-1,
      0x1.8f9c000000000p-1, 0x1.7d05e00000000p-1, 0x1.6c16c00000000p-1, 0x1.5c98800000000p-1,
      0x1.4e5e000000000p-1, 0x1.4141400000000p-1, 0x1.3521c00000000p-1, 0x1.29e4000000000p-1,
      0x1.1f70400000000p-1, 0x1.15b1e00000000p-1, 0x1.0c97000000000p-1, 0x1.0000000000000p-1};
  static constexpr double kLog[] = {0x0.0p+0,
                                    0x1.6f0d38ae56bccp-4,
                                    0x1.29557f8200e23p-3,
                                    0x1.9525b1cf456f4p-3,
                                    0x1.fb9206d5e7e2bp-3,
                                    0x1.2e8e61ae133f9p-2,
                                    0x1.5d1bdff5809eap-2,
                                    0x1.89a3406c142dbp-2,
                                    0x1.b44f97bcc9763p-2,
                                    0x1.dd46a44c1c4c1p-2,
                                    0x1.0255445a5db8fp-1,
                                    0x1.154c5d2f4e5eap-1,
                                    0x1.2795ef289b42bp-1,
                                    0x1.393e183562bfep-1,
                                    0x1.4a4faddb057bbp-1,
                                    0x1.62e42fefa39efp-1};
  static constexpr double kLogHead[] = {0x0.0p+0,
                                        0x1.6f0d38a800000p-4,
                                        0x1.29557f8000000p-3,
                                        0x1.9525b1cc00000p-3,
                                        0x1.fb9206d400000p-3,
                                        0x1.2e8e61ae00000p-2,
                                        0x1.5d1bdff400000p-2,
                                        0x1.89a3406c00000p-2,
                                        0x1.b44f97bc00000p-2,
                                        0x1.dd46a44c00000p-2,
                                        0x1.0255445a00000p-1,
                                        0x1.154c5d2f00000p-1,
                                        0x1.2795ef2800000p-1,
                                        0x1.393e183500000p-1,
                                        0x1.4a4faddb00000p-1,
                                        0x1.62e42fef00000p-1};
  static constexpr double kLogRest[] = {0x0.0p+0,
                                        0x1.95af2e6f93bc4p-34,
                                        0x1.00711a6564390p-34,
                                        0x1.a2b7a3b20ad90p-34,
                                        0x1.e7e2a8ffff137p-35,
                                        0x1.33f89cf9d122ap-38,
                                        0x1.809ea508da365p-34,
                                        0x1.42dab5a7c32bcp-38,
                                        0x1.92ec519d330adp-35,
                                        0x1.c4c0bee63bf9fp-38,
                                        0x1.76e3b1bdfd02fp-35,
                                        0x1.397a6a8e77959p-35,
                                        0x1.36855d70d13d1p-34,
                                        0x1.8aff6a72cc42cp-35,
                                        0x1.5eec0dd452c21p-39,
                                        0x1.473de6af278edp-34};
};

}  // namespace lanegrad::tables
