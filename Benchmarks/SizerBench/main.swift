print("SizerBench")
