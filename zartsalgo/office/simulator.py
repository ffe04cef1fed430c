def make_try_out_client():
    pass
