"""What a trained network sees in two sets of faces: its features, and how far apart they are.

state_dict           PyTorch's weight file, read without PyTorch and without unpickling
efficientnet         EfficientNet-Lite1 in plain TensorFlow: faces -> 1280 features
frechet              Fréchet distance and kernel distance (KID) of two sets of features
manifolds            precision and recall, density and coverage, realism of each face
face_judge           all of these beside our own distance, over their floors
"""
